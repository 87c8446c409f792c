package environments

import (
	"path"
	"path/filepath"
	"strings"
)

// What a place begins with, as it is sealed into files.
const (
	environmentPlace = "environment "
	filePlace        = "file "
)

// Place says where a file belongs, for [envfile.Expectation]: "environment prod"
// for a file in a folder of environments, and for its layers; else "file
// deploy/tls.pem", from the root of the project that the file lies in. It is ""
// for a file that is in no project: neither a .sops.yaml nor a git repository is
// around it.
func Place(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	abs, found, err := locateFile(abs)
	if err != nil {
		return "", err
	}
	if name, ok := layerName(abs); ok {
		return environmentPlace + name, nil
	}
	root := found.root()
	if root == "" {
		return "", nil
	}
	rel, err := filepath.Rel(root, abs)
	if err != nil {
		return "", err
	}
	return filePlace + filepath.ToSlash(rel), nil
}

// layerName is the name of the layer that a file is, if it lies in a folder of
// environments.
func layerName(file string) (name string, ok bool) {
	name, known := cutExtension(filepath.Base(file))
	return name, known && filepath.Base(filepath.Dir(file)) == Folder && checkName(name) == nil
}

// Place is where the layer belongs, in the words of [Place].
func (l Layer) Place() string { return environmentPlace + l.Name }

// Fits reports whether a file that was sealed for a place can be this layer. A
// program may be given its environments from a folder of another name than the
// project's, so the name of the file is what counts.
func (l Layer) Fits(place string) bool {
	if place == l.Place() {
		return true
	}
	rel, ok := strings.CutPrefix(place, filePlace)
	name, known := cutExtension(path.Base(rel))
	return ok && known && name == l.Name
}

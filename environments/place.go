package environments

import (
	"crypto/sha256"
	"fmt"
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
// for a file in the project's folder of environments, and for its layers; for one
// in another folder of that name, "environment services/a/prod", by where that
// folder lies; else "file deploy/tls.pem". Paths begin at the root of the project
// that the file lies in. Without a project, which is a .sops.yaml or a git repository
// around the file, it is "environment prod" or "".
func Place(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	abs, found, err := locateFile(abs)
	if err != nil {
		return "", err
	}
	name, isLayer := layerName(abs)
	root := found.root()
	switch {
	case root == "" && isLayer:
		return environmentPlace + name, nil
	case root == "":
		return "", nil
	case isLayer:
		folder, err := filepath.Rel(root, filepath.Dir(filepath.Dir(abs)))
		if err != nil {
			return "", err
		}
		return environmentPlace + inFolder(folder) + name, nil
	}
	rel, err := filepath.Rel(root, abs)
	if err != nil {
		return "", err
	}
	return filePlace + filepath.ToSlash(rel), nil
}

// longestFolder bounds what a folder adds to a place. One that is longer is
// sealed as its digest, so that the name of the environment can still be read.
const longestFolder = 100

// inFolder is what a folder puts before the name of an environment.
func inFolder(folder string) string {
	if folder == "." || !filepath.IsLocal(folder) { // the project's own; or its policy lies among the environments
		return ""
	}
	folder = filepath.ToSlash(folder)
	if len(folder) > longestFolder {
		folder = fmt.Sprintf("%x", sha256.Sum256([]byte(folder)))
	}
	return folder + "/"
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
// program may be given its environments from another folder than the project's,
// so the name is what counts.
func (l Layer) Fits(place string) bool {
	if env, ok := strings.CutPrefix(place, environmentPlace); ok {
		return path.Base(env) == l.Name
	}
	rel, ok := strings.CutPrefix(place, filePlace)
	name, known := cutExtension(path.Base(rel))
	return ok && known && name == l.Name
}

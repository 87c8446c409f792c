package environments

import (
	"crypto/sha256"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// The first word of a location, as bindings store it.
const (
	environmentLocation = "environment "
	fileLocation        = "file "
)

// A Location is where a file belongs, for [envfile.Expectation]: "environment prod"
// for a file in the directory "environments" of the root, and for its layers; for one
// in another directory of that name, "environment services/a/prod", by the path to
// that directory; otherwise "file deploy/tls.pem".
//
// Paths begin at the root of the git repository. A location that a binding stores may
// also begin at any directory between the file and the root that holds a trusted
// .sops.yaml, so that adding or removing one breaks no file. Without a repository, the
// root is the directory of the outermost trusted .sops.yaml. Without either, a layer
// is known by its name only, and other files have no location: the zero Location.
type Location struct {
	texts []string // that fit, outermost first
	layer string   // name of a layer that is known by its name only
}

// FindLocation returns the location of a file, which need not exist. To find the
// locations of many files, use a [Finder].
func FindLocation(file string) (Location, error) { return new(Finder).Location(file) }

// Location returns the location of a file, which need not exist.
func (f *Finder) Location(file string) (Location, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	abs, _, err := f.locate(file)
	if err != nil {
		return Location{}, err
	}
	var l Location
	for _, root := range f.directory(filepath.Dir(abs)).roots() {
		text, err := locationFrom(root.path, abs)
		if err != nil {
			return Location{}, err
		}
		l.texts = append(l.texts, text)
	}
	if name, ok := layerName(abs); ok && len(l.texts) == 0 {
		return Location{texts: []string{environmentLocation + name}, layer: name}, nil
	}
	return l, nil
}

// roots returns the directories at which the locations of files in d may begin,
// outermost first.
func (d *directory) roots() []*directory {
	var roots []*directory
	for ; d != nil && d.err == nil; d = d.parent {
		if d.repository || d.policy && d.trust() == nil {
			roots = append(roots, d)
		}
		if d.repository {
			break
		}
	}
	slices.Reverse(roots)
	return roots
}

// locationFrom returns the location of a file if its project has this root.
func locationFrom(root, file string) (string, error) {
	name, isLayer := layerName(file)
	if isLayer {
		file = filepath.Dir(filepath.Dir(file))
	}
	rel, err := filepath.Rel(root, file)
	if err != nil {
		return "", err
	}
	if isLayer {
		return environmentLocation + inDirectory(rel) + name, nil
	}
	return fileLocation + filepath.ToSlash(rel), nil
}

// longestDirectory bounds the directory path in a location. A longer one is
// replaced by its digest, so that the name of the environment stays readable.
const longestDirectory = 100

// inDirectory returns the part of a location before the name of an environment.
func inDirectory(dir string) string {
	if dir == "." || !filepath.IsLocal(dir) { // the root's own; or the .sops.yaml is among the environments
		return ""
	}
	dir = filepath.ToSlash(dir)
	if len(dir) > longestDirectory {
		dir = fmt.Sprintf("%x", sha256.Sum256([]byte(dir)))
	}
	return dir + "/"
}

// layerName returns the name of the layer that a file is, if it is in a directory
// of environments.
func layerName(file string) (name string, ok bool) {
	name, known := cutExtension(filepath.Base(file))
	return name, known && filepath.Base(filepath.Dir(file)) == Folder && checkName(name) == nil
}

// String returns the location that new text of the file is bound to, "" for none.
func (l Location) String() string {
	if len(l.texts) == 0 {
		return ""
	}
	return l.texts[0]
}

// Fits reports whether a file may be bound to a location, in the form that a binding
// stores. Every location fits a file without one.
func (l Location) Fits(bound string) bool {
	if len(l.texts) == 0 || l.layer != "" && (Layer{Name: l.layer}).Fits(bound) {
		return true
	}
	return slices.ContainsFunc(l.texts, func(text string) bool { return bound == envfile.BoundLocation(text) })
}

// Location returns the location of the layer in a project whose root holds the
// directory of environments.
func (l Layer) Location() string { return environmentLocation + l.Name }

// Fits reports whether a file that is bound to a location can be this layer. A
// program may read its environments from another directory than the project's, so
// only the name counts.
func (l Layer) Fits(bound string) bool {
	if env, ok := strings.CutPrefix(bound, environmentLocation); ok {
		return path.Base(env) == l.Name
	}
	rel, ok := strings.CutPrefix(bound, fileLocation)
	name, known := cutExtension(path.Base(rel))
	return ok && known && name == l.Name
}

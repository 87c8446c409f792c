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
	file  string   // its absolute path
	roots []string // the directories at which the locations that fit begin, outermost first
	texts []string // the locations that fit, for each root
	layer string   // name of a layer, if only the name is known
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
	l := Location{file: abs}
	for _, root := range f.directory(filepath.Dir(abs)).roots() {
		text, err := locationFrom(root.path, abs)
		if err != nil {
			return Location{}, err
		}
		l.roots, l.texts = append(l.roots, root.path), append(l.texts, text)
	}
	if name, ok := layerName(abs); ok && len(l.texts) == 0 {
		l.texts, l.layer = []string{environmentLocation + name}, name
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

// Root returns the directory to which the location in the binding is relative, or
// "".
func (l Location) Root() string {
	if len(l.roots) == 0 {
		return ""
	}
	return l.roots[0]
}

// FitsFrom reports whether a file would fit if dir, a directory above it, was the root.
func (l Location) FitsFrom(dir, bound string) bool {
	text, err := locationFrom(dir, l.file)
	return err == nil && within(l.file, dir) && bound == envfile.BoundLocation(text)
}

// A Change is a reason why a file does not fit the location that it is bound to.
type Change int

// The changes that [Location.Explain] returns.
const (
	Unknown   Change = iota // the location names no path, or belongs to no project
	Copied                  // the file at that location still exists
	Moved                   // there is no file at that location
	RootMoved               // the path is the same below a directory that is no root now
)

// Explain guesses why a file is bound to another location: it returns the change,
// and the path of the file at that location, or the directory that was the root. It
// examines names only.
func (l Location) Explain(bound string) (change Change, path string) {
	if len(l.roots) == 0 {
		return Unknown, ""
	}
	was := boundPath(l.roots[0], bound)
	if was == "" {
		return Unknown, ""
	}
	if existing := existingPath(was, strings.HasPrefix(bound, environmentLocation)); existing != "" {
		return Copied, existing
	}
	dir := filepath.Dir(l.file)
	if _, ok := layerName(l.file); ok {
		dir = filepath.Dir(dir)
	}
	for ; ; dir = filepath.Dir(dir) {
		if l.FitsFrom(dir, bound) {
			return RootMoved, dir
		}
		if dir == filepath.Dir(dir) {
			return Moved, was
		}
	}
}

// boundPath returns the path that a location names below a root. The path of an
// environment has no extension. boundPath returns "" for a digest.
func boundPath(root, bound string) string {
	rel, isFile := strings.CutPrefix(bound, fileLocation)
	if !isFile {
		env, ok := strings.CutPrefix(bound, environmentLocation)
		if !ok {
			return ""
		}
		rel = path.Join(path.Dir(env), Folder, path.Base(env))
	}
	if rel = filepath.FromSlash(rel); !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.Join(root, rel)
}

// existingPath returns path, or for an environment path with the extension of its file,
// and "" if there is no such file.
func existingPath(path string, environment bool) string {
	endings := []string{""}
	if environment {
		endings = extensions
	}
	for _, ending := range endings {
		if ok, err := exists(path + ending); ok && err == nil {
			return path + ending
		}
	}
	return ""
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

package environments

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// The layers around an environment.
const (
	baseLayer   = "base"
	localSuffix = ".local" // overrides for one machine
)

// extensions are the file extensions of environments.
var extensions = []string{".yaml", ".yml", ".json", ".env", ".ini", ".toml"}

// ErrName reports that a string cannot be the name of an environment.
var ErrName = errors.New("not the name of an environment")

// A Layer is one file of an environment. Later layers override earlier ones.
type Layer struct {
	Name string // "base", the environment's name, or that with ".local"
	Path string
}

// A MissingError reports that an environment does not exist. It wraps
// [fs.ErrNotExist].
type MissingError struct {
	Name  string   // of the environment
	Dir   string   // that was looked at
	Known []string // the environments that exist there, sorted
	NoDir bool     // Dir does not exist
}

func (e *MissingError) Error() string {
	if e.NoDir {
		return fmt.Sprintf("no environment %q: no directory %s", e.Name, e.Dir)
	}
	text := fmt.Sprintf("no environment %q in %s", e.Name, e.Dir)
	if len(e.Known) == 0 {
		return text
	}
	text += " (available: " + strings.Join(e.Known, ", ") + ")"
	if guess, ok := closest.Of(e.Name, e.Known); ok {
		text += fmt.Sprintf("; did you mean %q?", guess)
	}
	return text
}

// Unwrap makes errors.Is(err, fs.ErrNotExist) true.
func (e *MissingError) Unwrap() error { return fs.ErrNotExist }

// An AmbiguousError reports that two files could be one layer.
type AmbiguousError struct {
	Name  string
	Paths []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s is ambiguous: found %s", e.Name, strings.Join(e.Paths, " and "))
}

// Local reports whether the layer holds the overrides for one machine.
func (l Layer) Local() bool { return strings.HasSuffix(l.Name, localSuffix) }

// Layers returns the files of an environment in dir that exist, weakest first:
// base, env and, if local is true, env.local. Paths are slash-separated and begin
// with dir; "." is the root of fsys.
//
// It fails with a [*MissingError] if there is no file for env itself, with
// [ErrName] if env cannot be a name, with an [*AmbiguousError] if two files could
// be one layer, and with envfile's error for a file in a format that cannot be
// read.
func Layers(fsys fs.FS, dir, env string, local bool) ([]Layer, error) {
	if err := checkName(env); err != nil {
		return nil, err
	}
	if reserved(env) {
		return nil, fmt.Errorf("%w: %q is a layer, not an environment", ErrName, env)
	}
	if !fs.ValidPath(dir) { // some file systems only report that it does not exist
		return nil, &fs.PathError{Op: "list environments", Path: dir, Err: fs.ErrInvalid}
	}
	f, err := scan(fsys, dir)
	if err != nil {
		return nil, err
	}
	if !local {
		delete(f.byName, env+localSuffix)
	}
	layers, err := f.layers(env)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(layers, func(l Layer) bool { return l.Name == env }) {
		known, err := f.environments()
		if err != nil {
			return nil, err
		}
		return nil, &MissingError{Name: env, Dir: dir, Known: known, NoDir: f.noDir}
	}
	return layers, nil
}

var nameForm = pattern.New(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// checkName rejects names that could lead out of the directory of environments.
func checkName(name string) error {
	if !nameForm().MatchString(name) {
		return fmt.Errorf("%w: %q (expected letters, digits, dots, dashes and underscores, first a letter or digit)", ErrName, name)
	}
	if device().MatchString(name) { // a repository is for all systems
		return fmt.Errorf("%w: %q (on Windows, it is a device name, or its final dot is dropped)", ErrName, name)
	}
	return nil
}

var device = pattern.New(`^(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$|\.$`)

// reserved reports whether name belongs to a layer, not to an environment.
func reserved(name string) bool { return name == baseLayer || strings.HasSuffix(name, localSuffix) }

// files holds the files of a directory of environments by layer.
type files struct {
	dir    string
	byName map[string][]string // paths, sorted
	noDir  bool                // dir does not exist
}

// scan lists a directory. A directory that does not exist is empty.
func scan(fsys fs.FS, dir string) (files, error) {
	f := files{dir: dir, byName: map[string][]string{}}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return files{}, fmt.Errorf("list environments: %w", err)
	}
	f.noDir = err != nil
	for _, e := range entries {
		name, ok := cutExtension(e.Name())
		if e.IsDir() || !ok || strings.HasPrefix(name, ".") {
			continue
		}
		f.byName[name] = append(f.byName[name], path.Join(dir, e.Name()))
	}
	return f, nil
}

// cutExtension removes a known extension from a file's name.
func cutExtension(file string) (name string, ok bool) {
	ext := path.Ext(file)
	name = strings.TrimSuffix(file, ext)
	return name, name != "" && slices.Contains(extensions, strings.ToLower(ext))
}

// one returns the file of a layer, or "".
func (f files) one(name string) (string, error) {
	paths := f.byName[name]
	switch len(paths) {
	case 0:
		return "", nil
	case 1:
		return paths[0], nil
	}
	return "", &AmbiguousError{Name: name, Paths: paths}
}

// layerNames returns the names of the layers that a name has, weakest first.
func layerNames(name string) []string {
	if name == baseLayer {
		return []string{baseLayer}
	}
	env := strings.TrimSuffix(name, localSuffix)
	return []string{baseLayer, env, env + localSuffix}
}

// layersOf returns the layers of a name, with a file that a path names. A path is not
// ambiguous: if a weaker or stronger layer has several files, it returns all of them.
func (f files) layersOf(name, file string) []Layer {
	var layers []Layer
	for _, n := range layerNames(name) {
		for _, path := range f.byName[n] {
			if n != name || path == file {
				layers = append(layers, Layer{Name: n, Path: path})
			}
		}
	}
	return layers
}

// layers returns the layers of a name that exist.
func (f files) layers(name string) ([]Layer, error) {
	var layers []Layer
	for _, n := range layerNames(name) {
		file, err := f.one(n)
		if err != nil {
			return nil, err
		}
		if file != "" {
			layers = append(layers, Layer{Name: n, Path: file})
		}
	}
	return layers, nil
}

// environments returns the names that have a file, sorted. Its error is about the
// first of the names that are invalid or ambiguous.
func (f files) environments() ([]string, error) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(f.byName)) {
		if reserved(name) {
			continue
		}
		paths := f.byName[name]
		if len(paths) > 1 {
			return nil, &AmbiguousError{Name: name, Paths: paths}
		}
		if checkName(name) != nil { // left out, it would be forgotten when all are rekeyed
			return nil, fmt.Errorf("%s: %w", paths[0], checkName(name))
		}
		names = append(names, name)
	}
	return names, nil
}

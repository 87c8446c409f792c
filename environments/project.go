package environments

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/closest"
)

// Folder is where a project keeps its environments, relative to its root.
const Folder = "environments"

// newExtension is the extension of an environment that does not exist yet.
const newExtension = ".yaml"

// A Project is a directory with environments. It is immutable; each method reads
// the disk again. It is safe for concurrent use.
type Project struct {
	Root       string // absolute
	PolicyPath string // path of the .sops.yaml in Root, which has not been read, or ""
	Ignored    string // path of a .sops.yml that was found on the way, or ""

	dir string // where the search began: paths are relative to it
}

// An Environment is a named encrypted file with its layers.
type Environment struct {
	// Name is the name of the environment. For a file elsewhere, and for one of several
	// with the same name, it is the path from the root of the project.
	Name   string
	Path   string // absolute
	Exists bool
	Layers []Layer // that exist, weakest first, with absolute paths
}

// Find returns the project that contains dir. Its root is the directory of the
// nearest .sops.yaml upward within the git repository. Without a .sops.yaml it is
// the root of the repository, and without a repository it is dir. Find does not
// read the policy, so a broken one is not an error.
func Find(dir string) (*Project, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("locate %s: %w", dir, err)
	}
	abs, found, err := new(Finder).locateDir(abs)
	if err != nil {
		return nil, err
	}
	p := &Project{Root: abs, Ignored: found.ignored, dir: abs}
	if found.policy != nil {
		p.PolicyPath = found.policy.join(PolicyName)
	}
	if root := found.root(); root != "" {
		p.Root = root
	}
	return p, nil
}

// Environments lists the environments of the project by name. It omits files that
// package envfile cannot read. It also omits base and local layers, which are in
// the Layers of each environment.
func (p *Project) Environments() ([]Environment, error) {
	f, err := p.scan()
	if err != nil {
		return nil, err
	}
	names, err := f.environments()
	if err != nil {
		return nil, err
	}
	envs := make([]Environment, 0, len(names))
	for _, name := range names {
		env, err := p.named(f, name)
		if err != nil {
			return nil, err
		}
		envs = append(envs, env)
	}
	return envs, nil
}

// Environment finds an environment by its name or by the path of its file. A string
// with a separator or a known extension is a path. The name of an existing file is
// also a path, if no environment has that name. Any other string is a name. The
// names of layers, such as base and prod.local, are valid too. A path that is not
// absolute is relative to the dir of [Find].
//
// An environment that does not exist is not an error: it has the path that it would
// have, environments/NAME.yaml for a name.
func (p *Project) Environment(nameOrPath string) (Environment, error) {
	if looksLikePath(nameOrPath) {
		return p.byPath(nameOrPath)
	}
	badName := checkName(nameOrPath)
	if badName == nil {
		f, err := p.scan()
		if err != nil {
			return Environment{}, err
		}
		env, err := p.named(f, nameOrPath)
		if err != nil || env.Exists {
			return env, err
		}
		if !p.hasFile(nameOrPath) {
			return env, nil
		}
	}
	if nameOrPath != "" && p.hasFile(nameOrPath) {
		return p.byPath(nameOrPath)
	}
	return Environment{}, badName
}

// Closest returns the environment that a name is most likely a misspelling of,
// "" if none is near.
func (p *Project) Closest(name string) string {
	f, err := p.scan()
	if err != nil {
		return ""
	}
	var names []string
	for n := range f.byName {
		if !reserved(n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	guess, _ := closest.Of(name, names)
	return guess
}

func (p *Project) scan() (files, error) { return scan(os.DirFS(p.Root), Folder) }

func (p *Project) abs(path string) string { return filepath.Join(p.Root, filepath.FromSlash(path)) }

func looksLikePath(s string) bool {
	_, known := envfile.FormatOf(s)
	return known || strings.ContainsRune(s, '/') || strings.ContainsRune(s, filepath.Separator)
}

func (p *Project) hasFile(path string) bool {
	info, err := os.Stat(p.resolve(path))
	return err == nil && info.Mode().IsRegular()
}

func (p *Project) resolve(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(p.dir, path)
}

// named returns the environment for a valid name.
func (p *Project) named(f files, name string) (Environment, error) {
	layers, err := f.layers(name)
	if err != nil {
		return Environment{}, err
	}
	env := Environment{Name: name, Path: p.abs(Folder + "/" + name + newExtension), Layers: p.inProject(layers)}
	for _, l := range env.Layers {
		if l.Name == name {
			env.Path, env.Exists = l.Path, true
		}
	}
	return env, nil
}

// byPath returns the environment of a file. A file in the project's directory
// belongs to the environment of its name.
func (p *Project) byPath(path string) (Environment, error) {
	abs := p.resolve(path)
	exists := false
	switch info, err := os.Stat(abs); {
	case err == nil && info.IsDir():
		return Environment{}, fmt.Errorf("%s is a directory", path)
	case err == nil:
		exists = true
	case !errors.Is(err, fs.ErrNotExist):
		return Environment{}, fmt.Errorf("locate environment: %w", err)
	}
	if _, known := envfile.FormatOf(abs); !known && !exists { // a slip of the pen, most likely
		return Environment{}, fmt.Errorf("%s is neither an environment nor a file; %s", path, p.instead(path))
	}
	if name, ok := cutExtension(filepath.Base(abs)); ok && filepath.Dir(abs) == p.abs(Folder) && checkName(name) == nil {
		return p.conventional(name, abs)
	}
	env := Environment{Name: filepath.ToSlash(path), Path: abs, Exists: exists}
	if rel, err := filepath.Rel(p.Root, abs); err == nil && filepath.IsLocal(rel) {
		env.Name = filepath.ToSlash(rel)
	}
	if exists {
		env.Layers = []Layer{{Name: env.Name, Path: abs}}
	}
	return env, nil
}

// instead suggests a file for a path without a known extension.
func (p *Project) instead(path string) string {
	abs := p.resolve(path)
	for _, extension := range extensions {
		if ok, err := exists(abs + extension); err != nil || !ok {
			continue
		}
		if filepath.Dir(abs) == p.abs(Folder) {
			return fmt.Sprintf("did you mean %s?", filepath.Base(abs))
		}
		return fmt.Sprintf("did you mean %s?", path+extension)
	}
	if filepath.Dir(abs) == p.abs(Folder) {
		if guess := p.Closest(filepath.Base(abs)); guess != "" {
			return fmt.Sprintf("did you mean %s?", guess)
		}
	}
	return "a new file requires one of " + strings.Join(extensions, " ")
}

// conventional returns the environment of a file in the project's directory. If another
// file has the same name, only the path stands for this one.
func (p *Project) conventional(name, abs string) (Environment, error) {
	f, err := p.scan()
	if err != nil {
		return Environment{}, err
	}
	env, err := p.named(f, name)
	if err == nil && (env.Path == abs || !env.Exists) {
		env.Path = abs
		return env, nil
	}
	if file := Folder + "/" + filepath.Base(abs); slices.Contains(f.byName[name], file) {
		return Environment{Name: file, Path: abs, Exists: true, Layers: p.inProject(f.layersOf(name, file))}, nil
	}
	if err == nil { // a second file would make the name ambiguous
		err = &AmbiguousError{Name: name, Paths: []string{env.Path, abs}}
	}
	return Environment{}, err
}

// inProject returns layers with absolute paths.
func (p *Project) inProject(layers []Layer) []Layer {
	for i := range layers {
		layers[i].Path = p.abs(layers[i].Path)
	}
	return layers
}

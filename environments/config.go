package environments

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/regular"
)

// ConfigName is the name of a project config. It holds requirements that a
// .sops.yaml cannot express.
const ConfigName = "sealcfg.yaml"

// configMisname is the name that people write by mistake.
const configMisname = "sealcfg.yml"

// ErrConfigName is returned for a sealcfg.yml, because its requirements would not count.
var ErrConfigName = errors.New("it must be named " + ConfigName)

// A Config holds the requirements of all sealcfg.yaml files that apply to a file. It
// is immutable and safe for concurrent use. The zero Config has no requirements.
type Config struct {
	// Files are innermost first.
	Files []*ConfigFile
}

// A ConfigFile is one sealcfg.yaml. It is immutable and safe for concurrent use.
type ConfigFile struct {
	Path string

	bound        bool // applies to all files
	environments []ConfiguredEnvironment
	unknown      []*PolicyError
}

// A ConfiguredEnvironment is the entry of a [ConfigFile] for one environment.
type ConfiguredEnvironment struct {
	Name         string
	Line, Column int // of the name

	bound bool
}

// FindConfig reads each sealcfg.yaml that applies to a file, as [Finder.Config] does.
func FindConfig(file string) (*Config, error) { return new(Finder).Config(file) }

// Config reads each sealcfg.yaml that applies to a file: in the file's directory
// and above it, up to the root of the git repository. Without a repository, the
// last directory is the one of the outermost trusted .sops.yaml, or the one that
// holds the file's directory "environments".
//
// An added file never cancels a requirement. Therefore a repository around the
// repository counts too, as does a .sops.yaml around a repository without one. If
// symbolic links lead to the file, the files around the link also apply.
//
// Each must be trusted, as a .sops.yaml must be; see [FindPolicy].
func (f *Finder) Config(file string) (*Config, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("locate %s: %w", file, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &Config{}
	seen := map[string]bool{}
	for _, dir := range []string{filepath.Dir(abs), filepath.Dir(f.realFile(abs))} {
		for _, d := range f.directory(dir).withConfig() {
			if actual := f.realDir(d.path); seen[actual] {
				continue
			} else {
				seen[actual] = true
			}
			file, err := f.configIn(d)
			if err != nil {
				return nil, err
			}
			c.Files = append(c.Files, file)
		}
	}
	return c, nil
}

// withConfig returns the directories whose sealcfg.yaml applies to files in d, the
// innermost directory first.
func (d *directory) withConfig() []*directory {
	var passed []*directory
	applies := 0
	ruled, complete := false, false // a .sops.yaml, and a repository with one, was passed
	for at := d; at != nil && at.err == nil; at = at.parent {
		if at.config || at.configMisname {
			passed = append(passed, at)
		}
		policy := at.policy && at.trust() == nil
		holdsEnvironments := at == d.parent && filepath.Base(d.path) == Folder
		if at.repository || holdsEnvironments || policy && !complete {
			applies = len(passed)
		}
		ruled = ruled || policy
		complete = complete || at.repository && ruled
	}
	return passed[:applies]
}

// configIn reads the sealcfg.yaml of a directory that has one, or a sealcfg.yml.
func (f *Finder) configIn(d *directory) (*ConfigFile, error) {
	read := f.configs[d.path]
	if read == nil {
		read = sync.OnceValues(d.readConfig)
		if f.configs == nil {
			f.configs = map[string]func() (*ConfigFile, error){}
		}
		f.configs[d.path] = read
	}
	return read()
}

func (d *directory) readConfig() (*ConfigFile, error) {
	path := d.join(ConfigName)
	if !d.config {
		return nil, fmt.Errorf("%s: %w", d.join(configMisname), ErrConfigName)
	}
	if err := trusted(path, d); err != nil {
		return nil, err
	}
	src, err := regular.Read(path, maxPolicy)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s is a broken symbolic link", path)
	}
	if err != nil {
		return nil, err
	}
	return ParseConfig(path, src)
}

// FindConfigIn is [FindConfig] for a file system such as an embed.FS: it reads each
// sealcfg.yaml from the directory dir upwards, to the root of fsys.
func FindConfigIn(fsys fs.FS, dir string) (*Config, error) {
	at := path.Clean(dir)
	if !fs.ValidPath(at) {
		return nil, fmt.Errorf("look for %s: %w", ConfigName, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrInvalid})
	}
	c := &Config{}
	for ; ; at = path.Dir(at) {
		file, err := readConfigIn(fsys, at)
		if err != nil {
			return nil, err
		}
		if file != nil {
			c.Files = append(c.Files, file)
		}
		if at == "." {
			return c, nil
		}
	}
}

// readConfigIn returns nil for a directory without a sealcfg.yaml.
func readConfigIn(fsys fs.FS, dir string) (*ConfigFile, error) {
	name := path.Join(dir, ConfigName)
	src, err := regular.ReadIn(fsys, name, maxPolicy)
	switch {
	case err == nil:
		return ParseConfig(name, src)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	misname := path.Join(dir, configMisname)
	switch _, err := fs.Stat(fsys, misname); {
	case err == nil:
		return nil, fmt.Errorf("%s: %w", misname, ErrConfigName)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("look for %s: %w", configMisname, err)
	}
	return nil, nil
}

// The keys of a sealcfg.yaml.
const (
	bindingKey      = "binding"
	environmentsKey = "environments"
)

// configKeys are the top-level keys that the library reads.
var configKeys = []string{bindingKey, environmentsKey}

// ParseConfig parses the text of the sealcfg.yaml at path. Invalid values, and unknown
// keys below the top level, are errors: a misspelled requirement must not count as
// none. A top-level key that is nearly a known one is an error too. Other top-level
// keys may be for a command or a newer version: [Config.Unknown] returns them. The
// error joins a [*PolicyError] for each problem.
func ParseConfig(path string, src []byte) (*ConfigFile, error) {
	c := &ConfigFile{Path: path}
	r := newReader(path)
	if err := r.fits(src); err != nil {
		return nil, err
	}
	if blank(src) {
		return c, nil
	}
	roots, err := envfile.ReadYAML(src)
	if err != nil {
		return nil, policySyntaxError(path, err)
	}
	if len(roots) > 1 {
		r.fail(roots[1], "expected one document, got another one")
	}
	f := r.merged(roots[0], ConfigName)
	for _, e := range f.order {
		switch guess := nearKey(e.Key, configKeys); {
		case slices.Contains(configKeys, e.Key):
		case guess != "":
			r.failKey(e, "unknown key %q in %s; did you mean %q?", e.Key, ConfigName, guess)
		default:
			c.unknown = append(c.unknown, &PolicyError{
				Path: path, Line: e.KeyLine, Column: e.KeyColumn, Reason: fmt.Sprintf("unknown key %q in %s", e.Key, ConfigName),
			})
		}
	}
	c.bound = r.binding(f, false)
	if n := f.byKey[environmentsKey]; n != nil {
		for _, e := range r.merged(n, environmentsKey).order {
			c.environments = append(c.environments, r.configured(e, c.bound))
		}
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return c, nil
}

func (r *reader) configured(n *envfile.Node, bound bool) ConfiguredEnvironment {
	e := ConfiguredEnvironment{Name: n.Key, Line: n.KeyLine, Column: n.KeyColumn}
	if err := checkName(n.Key); err != nil {
		r.failKey(n, "%v", err)
	} else if reserved(n.Key) {
		r.failKey(n, "%q is a layer, not an environment; the requirements of its environments apply", n.Key)
	}
	e.bound = r.binding(r.knownFields(n, "an environment", []string{bindingKey}), bound)
	return e
}

// binding returns whether files must have a binding; without an entry, others decides.
func (r *reader) binding(in fieldSet, others bool) bool {
	n := in.find(bindingKey)
	switch {
	case n == nil:
		return others
	case n.Kind == envfile.Value && n.Text == "required":
		return true
	case n.Kind == envfile.Value && n.Text == "optional":
		return false
	}
	r.fail(n, "%s must be required or optional", bindingKey)
	return others
}

// find returns an entry also if it is empty.
func (s fieldSet) find(key string) *envfile.Node {
	for _, e := range s.order {
		if e.Key == key {
			return e
		}
	}
	return nil
}

// nearKey returns the known key that differs from key by at most two edits, or "".
func nearKey(key string, known []string) string {
	for _, k := range known {
		if closest.Distance(strings.ToLower(key), k) <= maxSlips {
			return k
		}
	}
	return ""
}

// Environments returns the environments that the file has an entry for.
func (c *ConfigFile) Environments() []ConfiguredEnvironment { return c.environments }

// Unknown returns a problem for each top-level key that the library does not know. A
// program may ignore them; a command should reject them.
func (c *Config) Unknown() []*PolicyError {
	var unknown []*PolicyError
	for _, f := range c.Files {
		unknown = append(unknown, f.unknown...)
	}
	return unknown
}

// RequiresBinding reports whether a file must have a binding, for
// [envfile.Expectation]. One sealcfg.yaml that requires it is enough.
func (c *Config) RequiresBinding(file string) bool {
	return slices.ContainsFunc(c.Files, func(f *ConfigFile) bool { return f.requiresBinding(file) })
}

// BindingRequiredBy returns the path of a sealcfg.yaml that requires a binding of a
// file, or "".
func (c *Config) BindingRequiredBy(file string) string {
	for _, f := range c.Files {
		if f.requiresBinding(file) {
			return f.Path
		}
	}
	return ""
}

// LayerRequiresBinding is [Config.RequiresBinding] for an environment, or for one of
// its layers: prod.local is treated as prod, and base, which all environments share,
// as the strictest of them.
func (c *Config) LayerRequiresBinding(name string) bool {
	return slices.ContainsFunc(c.Files, func(f *ConfigFile) bool { return f.layerRequiresBinding(name) })
}

func (c *ConfigFile) requiresBinding(file string) bool {
	if name, ok := layerName(file); ok {
		return c.layerRequiresBinding(name)
	}
	return c.bound
}

func (c *ConfigFile) layerRequiresBinding(name string) bool {
	env := strings.TrimSuffix(name, localSuffix)
	strictest := c.bound
	for _, e := range c.environments {
		if e.Name == env {
			return e.bound
		}
		strictest = strictest || e.bound
	}
	if name == baseLayer {
		return strictest
	}
	return c.bound
}

package environments

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// ConfigName is the name of the file that says what a project demands of its
// files, beyond what sops understands. It lies beside the .sops.yaml.
const ConfigName = "sealcfg.yaml"

// configMisname is the name that people write by mistake.
const configMisname = "sealcfg.yml"

// ErrConfigName says that there is a sealcfg.yml: what is demanded there would
// not be.
var ErrConfigName = errors.New("it must be called " + ConfigName)

// A Config is a sealcfg.yaml. It is immutable and safe for concurrent use. That of
// a project that has none demands nothing.
type Config struct {
	Path string // "" if there is none

	bound        bool // what is said of all files
	environments []ConfiguredEnvironment
}

// A ConfiguredEnvironment is what a [Config] says of one environment.
type ConfiguredEnvironment struct {
	Name         string
	Line, Column int // of the name

	bound bool
}

// FindConfig reads the sealcfg.yaml of the project that a file lies in: that
// beside the .sops.yaml which [FindPolicy] finds, else in the root of the git
// repository; without either, beside a folder of environments that the file lies in.
func FindConfig(file string) (*Config, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("locate %s: %w", file, err)
	}
	abs, found, err := locateFile(abs)
	if err != nil {
		return nil, err
	}
	root, dir := found.root(), filepath.Dir(abs)
	if root == "" && filepath.Base(dir) == Folder {
		root = filepath.Dir(dir)
	}
	if root == "" {
		return &Config{}, nil
	}
	return readConfig(func(name string) ([]byte, string, error) {
		path := filepath.Join(root, name)
		src, err := os.ReadFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return src, path, err
		}
		// A link that is broken must be an error, not a project without demands.
		if ok, existsErr := exists(path); existsErr != nil || ok {
			err = errors.Join(fmt.Errorf("%s is a link to nowhere", path), existsErr)
		}
		return nil, path, err
	})
}

// FindConfigIn is [FindConfig] for a file system such as an embed.FS: the
// sealcfg.yaml beside the nearest .sops.yaml from the folder dir upward, else in
// the root of fsys.
func FindConfigIn(fsys fs.FS, dir string) (*Config, error) {
	root := path.Clean(dir)
	if !fs.ValidPath(root) {
		return nil, fmt.Errorf("look for %s: %w", ConfigName, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrInvalid})
	}
	for root != "." {
		if _, err := fs.Stat(fsys, path.Join(root, PolicyName)); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("look for policy: %w", err)
		}
		root = path.Dir(root)
	}
	return readConfig(func(name string) ([]byte, string, error) {
		src, err := fs.ReadFile(fsys, path.Join(root, name))
		return src, path.Join(root, name), err
	})
}

func readConfig(read func(name string) (src []byte, path string, err error)) (*Config, error) {
	src, path, err := read(ConfigName)
	switch {
	case err == nil:
		return ParseConfig(path, src)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read %s: %w", ConfigName, err)
	}
	switch _, path, err := read(configMisname); {
	case err == nil:
		return nil, fmt.Errorf("%s: %w", path, ErrConfigName)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("look for %s: %w", configMisname, err)
	}
	return &Config{}, nil
}

// The keys of a sealcfg.yaml.
const (
	bindingKey      = "binding"
	environmentsKey = "environments"
)

// ParseConfig reads a sealcfg.yaml that lies at path. Whatever is not understood
// is an error: a demand that is misspelt must not be taken for none. The error
// joins a [*PolicyError] for each problem.
func ParseConfig(path string, src []byte) (*Config, error) {
	c := &Config{Path: path}
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
		r.fail(roots[1], "a second document")
	}
	f := r.knownFields(roots[0], ConfigName, []string{bindingKey, environmentsKey})
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
		r.failKey(n, "%q is a layer of environments: what they demand holds for it", n.Key)
	}
	e.bound = r.binding(r.knownFields(n, "an environment", []string{bindingKey}), bound)
	return e
}

// binding reads whether files must have one; where nothing is said, it is as for others.
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

// Environments are those of which the file says something.
func (c *Config) Environments() []ConfiguredEnvironment { return c.environments }

// RequiresBinding reports whether a file has to have a binding, for
// [envfile.Expectation].
func (c *Config) RequiresBinding(file string) bool {
	if name, ok := layerName(file); ok {
		return c.LayerRequiresBinding(name)
	}
	return c.bound
}

// LayerRequiresBinding is [Config.RequiresBinding] for an environment, or for one of
// its layers: prod.local is as prod, and base, which all share, as the strictest.
func (c *Config) LayerRequiresBinding(name string) bool {
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

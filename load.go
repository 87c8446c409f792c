package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/secretmem"
	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// Load reads the settings of one environment into a T, which must be a struct. The package
// documentation describes how fields are named and filled.
//
// Load reads the files environments/base.* and environments/<name>.*, and with [WithLocal]
// environments/<name>.local.*. Only environments/<name>.* must exist. Each file overrides
// the previous ones: maps merge, lists and single values are replaced. With
// [WithEnvPrefix], variables of the process environment override the files.
//
// To decrypt files with the keys of a key service (AWS KMS, Azure Key Vault, PGP …), import
// its package for the side effect, such as github.com/sealcfg/sealcfg/services/aws. A file
// is not authenticated before it is decrypted, so it must not choose the servers that the
// program contacts and the roles that it takes. Load therefore uses a key of a key service
// only if the project's .sops.yaml (the nearest one above the files) or [AllowKeys] lists
// the key. Keys of gpg need no permission, because gpg contacts no server.
//
// A sealcfg.yaml can require that files have a binding, as [RequireBinding] does. Every
// sealcfg.yaml from the files up to the root of the git repository applies. Without a
// repository, the search ends at the outermost trusted .sops.yaml, or at the parent of the
// environments directory; with [WithFS], it ends at the root of the file system. A program
// that is deployed without its sealcfg.yaml needs the option.
//
// If settings are invalid, Load returns one [*Error] with all problems. Other errors are
// [ErrNoEnvironment], [environments.MissingError], an error about T if a field cannot be
// bound, and for a file, with its path, envfile.ErrNotSealed, envfile.ErrIntegrity,
// *envfile.SyntaxError and *keys.NoIdentityError. No error contains a value.
//
// Load is safe for concurrent use. It does not recover from panics in Validate and
// UnmarshalText methods.
func Load[T any](ctx context.Context, opts ...Option) (*T, error) {
	l := newLoader(reflect.TypeFor[T](), opts)
	s, err := l.load(ctx, "")
	if err != nil {
		return nil, err
	}
	if l.o.origins != nil {
		*l.o.origins = *s.origins
	}
	return s.value.Interface().(*T), nil
}

// sources returns the sources, weakest first, and the path of the environment's own file.
func (l *loader) sources(env string) (all []Source, file string, err error) {
	o := l.o
	if !o.withoutFiles {
		if all, file, err = o.fileSources(env); err != nil {
			return nil, "", err
		}
	}
	for _, s := range o.beside {
		with := *s
		if o.prefix != nil {
			with.prefix = o.prefix
		}
		all = append(all, &with)
	}
	all = append(all, o.secrets...)
	all = append(all, o.added...)
	all = append(all, &environSource{prefix: o.prefix, process: true, ignored: o.envVar, list: func(context.Context) ([]string, error) { return o.variables(), nil }})
	all = append(all, l.flags...)
	if o.set != nil {
		all = append(all, o.set)
	}
	if o.order != nil {
		all = o.order(all)
	}
	return slices.DeleteFunc(all, func(s Source) bool { return s == nil }), file, nil
}

// fileSources returns a source for each file of an environment, weakest first, and the path
// of the environment's own file.
func (o *options) fileSources(env string) (all []Source, file string, err error) {
	fsys, dir, prefix := o.fsys, o.dir, ""
	if fsys == nil {
		fsys, dir, prefix = onDisk(o.dir)
	}
	layers, err := environments.Layers(fsys, dir, env, o.local)
	if err != nil {
		return nil, "", o.whichFolder(err)
	}
	config, err := o.config()
	if err != nil {
		return nil, "", err
	}
	ring := &keyring{o: o, config: config}
	for _, l := range layers {
		s := &fileSource{
			fsys: fsys, layer: l, shown: l.Path, keyring: ring,
			plain: slices.Contains(o.plain, env), bound: o.bound || config.LayerRequiresBinding(l.Name),
		}
		if o.fsys == nil {
			s.shown = filepath.Join(prefix, filepath.FromSlash(l.Path))
		}
		if l.Name == env {
			file = s.shown
		}
		all = append(all, s)
	}
	return all, file, nil
}

// whichFolder makes the directory in the error for a missing directory absolute, because
// the program may have been started in an unexpected working directory.
func (o *options) whichFolder(err error) error {
	var missing *environments.MissingError
	if o.fsys == nil && errors.As(err, &missing) && missing.NoDir {
		if abs, absErr := filepath.Abs(o.dir); absErr == nil {
			missing.Dir = abs
		}
	}
	return err
}

// onDisk splits the path of a directory into a file system and a directory in it, so that
// messages contain the name of the directory. prefix is the path of the file system.
func onDisk(path string) (fsys fs.FS, dir, prefix string) {
	path = filepath.Clean(path)
	dir, prefix = filepath.Base(path), filepath.Dir(path)
	if !fs.ValidPath(dir) { // .. or a root
		dir, prefix = ".", path
	}
	return os.DirFS(prefix), dir, prefix
}

// A Loader loads settings of type T from the same sources, any number of times. After its
// flags are defined, it is safe for concurrent use.
type Loader[T any] struct {
	core func() *loader // a closure, so that printers do not show the values and identities in options
}

// New returns a loader of settings of type T, which must be a struct. The package
// documentation describes how fields are named and filled. New reads no source. If T or an
// option is invalid, Load returns the error.
func New[T any](opts ...Option) *Loader[T] {
	l := newLoader(reflect.TypeFor[T](), opts)
	return &Loader[T]{core: func() *loader { return l }}
}

// Load reads all sources and returns a handle to the settings. It returns the same errors
// as the function [Load].
func (l *Loader[T]) Load(ctx context.Context) (*Handle[T], error) {
	h := &Handle[T]{loader: l.core}
	s, err := l.core().load(ctx, "")
	if err != nil {
		return nil, err
	}
	h.now.Store(s)
	return h, nil
}

// A loader is a [Loader] without the type parameter, so that a program with several types
// of settings contains the code once.
type loader struct {
	plan  *plan.Plan
	o     *options
	flags []Source // defined by [Flags]
	err   error    // in the type or the options
}

func newLoader(t reflect.Type, opts []Option) *loader {
	o, err := newOptions(opts)
	p, planErr := bind.PlanOf(t)
	if p != nil {
		p.DefaultsOnce.Do(func() { p.DefaultsErr = p.DefaultReferences() })
		planErr = p.DefaultsErr
	}
	return &loader{plan: p, o: o, err: errors.Join(planErr, err)}
}

// A snapshot is the result of one load. It does not change.
type snapshot struct {
	env      string
	value    reflect.Value // *T
	origins  *Origins
	warnings []*Problem
	layers   []explainedLayer

	secretDirs []string
}

// load reads all sources. If env is "", the options or a variable choose the environment.
// Errors contain no private keys.
func (l *loader) load(ctx context.Context, env string) (*snapshot, error) {
	s, err := l.tryLoad(ctx, env)
	return s, l.o.keyless(err)
}

func (l *loader) tryLoad(ctx context.Context, env string) (*snapshot, error) {
	if l.err != nil {
		return nil, fmt.Errorf("load settings: %w", l.err)
	}
	if env == "" && !l.o.withoutFiles {
		var err error
		if env, err = l.o.environment(); err != nil {
			return nil, fmt.Errorf("load settings: %w", err)
		}
	}
	s, err := l.read(ctx, env)
	var problems *Error
	switch {
	case err == nil, errors.As(err, &problems):
		return s, err
	case env == "":
		return nil, fmt.Errorf("load settings: %w", err)
	}
	return nil, fmt.Errorf("load settings for %q: %w", env, err)
}

func (l *loader) read(ctx context.Context, env string) (*snapshot, error) {
	sources, file, err := l.sources(env)
	if err != nil {
		return nil, err
	}
	ctx, end := withShare(ctx)
	defer end()
	var s *snapshot
	secretmem.Do(func() { s, err = l.open(ctx, env, sources, file) })
	if s != nil && l.o.onWarning != nil {
		for _, w := range s.warnings {
			l.o.onWarning(w)
		}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// open reads the sources and binds their settings. It creates all objects that hold values
// on the way from a file to the settings, so that they can be erased. If open returns an
// error, the snapshot is nil or holds only warnings.
func (l *loader) open(ctx context.Context, env string, sources []Source, file string) (*snapshot, error) {
	all, err := readAll(ctx, sources, l.plan, l.o.strict)
	if err != nil {
		return nil, err
	}
	if err := l.o.resolve(ctx, l.plan, all.tree); err != nil {
		return nil, err
	}
	warnings := append(problemsOf(all.warnings), projectWarnings(sources)...)
	v, root := reflect.New(l.plan.Type), orEmpty(all.tree)
	b := &bind.Binder{File: file, Prefix: l.o.prefix, Root: l.plan, Problems: all.problems, Origins: make([]bind.Bound, 0, root.Leaves())}
	b.Bind(l.plan, v.Elem(), root, &tree.FieldPath{})
	b.ValidateAll(l.o.validations, l.plan, v, root.Origin)
	if b.Count() > 0 {
		return &snapshot{warnings: warnings}, &Error{Env: env, Problems: problemsOf(b.All())}
	}
	return &snapshot{env: env, value: v, origins: &Origins{table: bind.NewOriginTable(b.Origins)}, warnings: warnings, layers: layersOf(sources), secretDirs: secretDirsOf(sources)}, nil
}

// orEmpty returns n, or an empty map if n is nil because no source sets anything.
func orEmpty(n *tree.Node) *tree.Node {
	if n == nil {
		return &tree.Node{Kind: tree.NodeMap, Origin: Origin{Default: true}}
	}
	return n
}

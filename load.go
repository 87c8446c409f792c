package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sync"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// Load opens the files of one environment and returns them as a T, which must be
// a struct. The package documentation says how fields are named and filled.
//
// The files are environments/base.*, environments/<name>.* and
// environments/<name>.local.* as far as they exist; <name> itself must. Each
// overrides those before it: maps merge, lists and single values are replaced.
// The process environment comes last, if [WithEnvPrefix] asks for it.
//
// Files whose key lies with a service (AWS KMS, Azure Key Vault, PGP …) open if the
// program imports its package for the side effect, such as
// github.com/sealcfg/sealcfg/keys/aws. A file is not authenticated before it is
// open, so it does not decide whom the program contacts and which role it takes:
// a service is asked only for keys that the project's .sops.yaml names (the
// nearest one above the files) or that [AllowKeys] does. gpg contacts nobody and
// is asked freely.
//
// Mistakes in the settings are all reported in one [*Error]. Other errors:
// [ErrNoEnvironment]; [environments.MissingError]; and for a file, with its path,
// envfile.ErrNotSealed, envfile.ErrIntegrity, *envfile.SyntaxError,
// *keys.NoIdentityError. A mistake in T itself (a field that cannot be bound) is
// an error too. No error contains a value.
//
// Load may be called from several goroutines at once. A panic in a Validate or
// UnmarshalText method is not caught.
func Load[T any](ctx context.Context, opts ...Option) (*T, error) {
	v, err := load(ctx, reflect.TypeFor[T](), opts)
	if err != nil {
		return nil, err
	}
	return v.Interface().(*T), nil
}

// load returns a pointer to a new t. It is not generic so that programs with
// many settings types hold it once.
func load(ctx context.Context, t reflect.Type, opts []Option) (reflect.Value, error) {
	var none reflect.Value
	o, err := newOptions(opts)
	if err != nil {
		return none, fmt.Errorf("load settings: %w", err)
	}
	p, err := planOf(t)
	if err != nil {
		return none, fmt.Errorf("load settings: %w", err)
	}
	env, err := o.environment()
	if err != nil {
		return none, fmt.Errorf("load settings: %w", err)
	}
	sources, file, err := o.sources(env)
	if err != nil {
		return none, fmt.Errorf("load settings for %q: %w", env, err)
	}
	tree, err := readAll(ctx, sources, p)
	if err != nil {
		return none, fmt.Errorf("load settings for %q: %w", env, err)
	}
	v := reflect.New(t)
	b := &binder{file: file, prefix: o.prefix, wantOrigins: o.origins != nil}
	b.bind(p, v.Elem(), tree, &place{})
	if b.count() > 0 {
		return none, &Error{Env: env, Problems: b.all()}
	}
	if o.origins != nil {
		o.origins.fill(b.origins)
	}
	return v, nil
}

// sources returns where settings come from, weakest first, and the path of the
// environment's own file.
func (o *options) sources(env string) (all []source, file string, err error) {
	fsys, dir, prefix := o.fsys, o.dir, ""
	if fsys == nil {
		fsys, dir, prefix = onDisk(o.dir)
	}
	layers, err := environments.Layers(fsys, dir, env)
	if err != nil {
		return nil, "", o.whichFolder(err)
	}
	var once sync.Once
	var ids []keys.Identity
	var idsErr error
	identities := func(ctx context.Context) ([]keys.Identity, error) { // looked for once, not once a file
		once.Do(func() { ids, idsErr = o.allIdentities(ctx) })
		return ids, idsErr
	}
	for _, l := range layers {
		s := &fileSource{fsys: fsys, layer: l, shown: l.Path, identities: identities, looked: len(o.identities) == 0}
		if o.fsys == nil {
			s.shown = filepath.Join(prefix, filepath.FromSlash(l.Path))
		}
		if l.Name == env {
			file = s.shown
		}
		all = append(all, s)
	}
	for _, s := range o.beside {
		if o.prefix != nil {
			s = &environSource{prefix: *o.prefix, from: s.from, list: s.list}
		}
		all = append(all, s)
	}
	if o.prefix != nil {
		all = append(all, &environSource{prefix: *o.prefix, list: func(context.Context) ([]string, error) { return o.variables(), nil }})
	}
	return all, file, nil
}

// whichFolder names a folder on disk that does not exist from the root: a program
// that was started elsewhere than its author meant looks for it elsewhere.
func (o *options) whichFolder(err error) error {
	var missing *environments.MissingError
	if o.fsys == nil && errors.As(err, &missing) && missing.NoDir {
		if abs, absErr := filepath.Abs(o.dir); absErr == nil {
			missing.Dir = abs
		}
	}
	return err
}

// onDisk splits a folder's path into a file system and a name in it, so that
// messages show the name; prefix leads from the working directory to the file system.
func onDisk(path string) (fsys fs.FS, dir, prefix string) {
	path = filepath.Clean(path)
	dir, prefix = filepath.Base(path), filepath.Dir(path)
	if !fs.ValidPath(dir) { // .. or a root
		dir, prefix = ".", path
	}
	return os.DirFS(prefix), dir, prefix
}

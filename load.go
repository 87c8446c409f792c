package sealcfg

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/sealcfg/sealcfg/environments"
)

// Load opens the files of one environment and returns them as a T, which must be
// a struct. The package documentation says how fields are named and filled.
//
// The files are environments/base.* and environments/<name>.*, and with [WithLocal]
// environments/<name>.local.*, as far as they exist; <name> itself must. Each
// overrides those before it: maps merge, lists and single values are replaced.
// The process environment comes last, if [WithEnvPrefix] asks for it.
//
// Files whose key lies with a service (AWS KMS, Azure Key Vault, PGP …) open if the
// program imports its package for the side effect, such as
// github.com/sealcfg/sealcfg/services/aws. A file is not authenticated before it is
// open, so it does not decide whom the program contacts and which role it takes:
// a service is asked only for keys that the project's .sops.yaml names (the
// nearest one above the files) or that [AllowKeys] does. gpg contacts nobody and
// is asked freely.
//
// A sealcfg.yaml may demand that files have a binding, as [RequireBinding] does. It
// is found beside the nearest .sops.yaml above the files, else in the root of the git
// repository, else beside the folder "environments"; with [WithFS], else in the root of
// the file system. Programs that are deployed without it need the option.
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

// sources returns where settings come from, weakest first, and the path of the
// environment's own file.
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

// fileSources returns the files of an environment.
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

package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/bounded"
	"github.com/sealcfg/sealcfg/keys"
)

const (
	// DefaultEnvVar is the variable that names the environment, unless [WithEnvVar] sets another.
	DefaultEnvVar = "SEALCFG_ENV"
	// DefaultDir is the directory of the environments, relative to the working directory.
	DefaultDir = "environments"
)

// ErrNoEnvironment is returned when neither an option nor a variable names the environment
// to load.
var ErrNoEnvironment = errors.New("no environment chosen")

// An Option configures a [Loader] or the function [Load]. A nil Option has no effect. If
// two options set the same thing, the later one wins.
type Option func(*options)

// options holds the options of a loader. No other file of the package reads the process
// environment.
type options struct {
	env        string
	envVar     string
	dir        string
	fsys       fs.FS // nil: the disk
	prefix     *string
	identities []keys.Identity
	allowed    []string // keys of key services
	environ    []string // NAME=value; nil: the process environment
	beside     []*environSource
	secrets    []Source // secrets directories; interfaces, so that programs without them do not link the type
	added      []Source
	set        Source // of [Set]; nil without it
	order      func([]Source) []Source
	plain      []string // environments whose files may be plaintext
	resolvers  []Resolver
	fetch      fetcher // nil without resolvers
	limits     *referenceLimits
	permit     func(Reference, Origin) error // nil without limits; a function, so that programs without limits do not link it
	onWarning  func(*Problem)
	origins    *Origins
	strict     bool
	errs       []error

	withoutFiles bool
	local        bool // whether the local layer is read
	bound        bool // whether files without a binding are rejected
	validations  []func(any) error
}

func newOptions(opts []Option) (*options, error) {
	o := &options{envVar: DefaultEnvVar, dir: DefaultDir}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	return o, errors.Join(o.errs...)
}

// WithEnv sets the environment to load, such as "prod". The variable that names the
// environment is then ignored.
func WithEnv(name string) Option { return func(o *options) { o.env = name } }

// WithEnvVar sets the variable that names the environment. The default is SEALCFG_ENV.
func WithEnvVar(name string) Option { return func(o *options) { o.envVar = name } }

// WithDir sets the directory of the environments. The default is "environments" in the
// working directory.
func WithDir(path string) Option { return func(o *options) { o.fsys, o.dir = nil, path } }

// WithFS reads the environments from a directory of fsys, such as an embed.FS. dir is
// separated by slashes; "." is the root.
func WithFS(fsys fs.FS, dir string) Option { return func(o *options) { o.fsys, o.dir = fsys, dir } }

// WithEnvPrefix lets variables of the process environment that begin with prefix override
// the files. Two underscores separate levels: with the prefix "APP_", $APP_DB__API_KEY sets
// db.api_key. Case does not matter. A variable with the prefix but without a setting causes
// a warning or, with [Strict], a problem. An empty prefix matches all variables, without
// warnings. Variables in an env tag are read in any case.
func WithEnvPrefix(prefix string) Option { return func(o *options) { o.prefix = &prefix } }

// WithIdentity adds identities that decrypt the files. If this option or [WithIdentityText]
// adds any, Load does not search the key sources of sops.
func WithIdentity(ids ...keys.Identity) Option {
	return func(o *options) { o.identities = append(o.identities, ids...) }
}

// WithIdentityText adds age identities from text: one or more AGE-SECRET-KEY-1…, with
// comments as in an identity file. Errors do not contain the text.
func WithIdentityText(text string) Option {
	return func(o *options) {
		ids, err := keys.ParseAgeIdentities(text)
		if err == nil && len(ids) == 0 {
			err = errors.New("no identity found")
		}
		if err != nil {
			o.errs = append(o.errs, fmt.Errorf("read identity text: %w", err))
		}
		o.identities = append(o.identities, ids...)
	}
}

// AllowKeys lets the program use keys of key services that the project's .sops.yaml does
// not list, or use keys when .sops.yaml is not deployed. A name such as "arn:aws:kms:…" has
// the form that .sops.yaml and the error use; "all" allows every key that a file lists. See
// [Load].
func AllowKeys(names ...string) Option {
	return func(o *options) { o.allowed = append(o.allowed, names...) }
}

// WithEnviron replaces the process environment by a list in the form of [os.Environ]. The
// list applies to SEALCFG_ENV, to settings, and to the key sources of sops. Without
// arguments, no variable is set.
func WithEnviron(environ ...string) Option {
	return func(o *options) { o.environ = append([]string{}, environ...) }
}

// WithVariables adds variables from another source, such as a .env file. Each Load calls
// read once, which returns the variables in the form of [os.Environ]. from names the source
// in messages; if it is the path of a file, [Handle.Watch] watches the file. The variables
// override the files; later options override earlier ones, and the process environment
// overrides them all. The prefix is the prefix of [WithEnvPrefix]. Without that option,
// every name is read.
func WithVariables(from string, read func(context.Context) ([]string, error)) Option {
	return func(o *options) {
		every := ""
		o.beside = append(o.beside, &environSource{prefix: &every, from: from, list: read})
	}
}

// WithSecretsDir adds directories with one file for each setting, as Docker and Kubernetes
// mount secrets. The files db/password, db.password and db__password all set db.password,
// in any case. One line ending is removed from the end of a file. Links are followed only
// within the directory. A directory that does not exist is skipped, and a file without a
// setting is not read. Secrets directories override the files of the environment and .env
// files, and later directories override earlier ones.
func WithSecretsDir(path ...string) Option {
	return func(o *options) {
		for _, p := range path {
			o.secrets = append(o.secrets, &secretsDir{dir: p})
		}
	}
}

// WithSource adds sources, weakest first. They override files and secrets directories, and
// the process environment overrides them. See [Order].
func WithSource(s ...Source) Option {
	return func(o *options) { o.added = append(o.added, s...) }
}

// Order changes the order of the sources. f receives the sources, weakest first, and
// returns the sources to read, weakest first. [Source] lists their names.
func Order(f func(weakestFirst []Source) []Source) Option {
	return func(o *options) { o.order = f }
}

// Set sets a setting in code. It overrides all other sources. path has the form of paths in
// [Problem]. value is a string, number, bool, time or duration, a slice, map or pointer of
// these, or has a MarshalText method; nil sets null.
func Set(path string, value any) Option {
	return func(o *options) {
		s, ok := o.set.(*setSource)
		if !ok {
			s = &setSource{}
			o.set = s
		}
		s.assigned = append(s.assigned, assignment{path, value})
	}
}

// WithoutFiles loads settings only from the other sources. Load then chooses no environment
// and reads none of its files.
func WithoutFiles() Option { return func(o *options) { o.withoutFiles = true } }

// WithLocal lets <name>.local.*, which a developer keeps on one machine, override the other
// files of the environment. Without it, Load does not read that file, because anyone who
// can write to the directory can encrypt one.
func WithLocal() Option { return func(o *options) { o.local = true } }

// AllowPlain allows plaintext files for the named environments, base included. Without it,
// a plaintext file is an error, so that a secret is not committed by mistake.
func AllowPlain(env ...string) Option {
	return func(o *options) { o.plain = append(o.plain, env...) }
}

// RequireBinding rejects encrypted files without a binding, such as files that sops wrote.
// Only the binding authenticates the names, structure and recipients of a file, and that
// the file belongs to this environment. Plaintext files that [AllowPlain] allows are still
// accepted. See docs/format.md.
//
// The project's sealcfg.yaml can require bindings as well, for programs and for the
// command. But anyone who can change sealcfg.yaml can remove that requirement. They cannot
// remove this option.
func RequireBinding() Option { return func(o *options) { o.bound = true } }

// Strict reports each variable that has the prefix of [WithEnvPrefix] but no setting as a
// problem. Without it, such a variable causes a warning.
func Strict() Option { return func(o *options) { o.strict = true } }

// OnWarning calls f with each warning of each load, in the goroutine of the load. See
// [Handle.Warnings].
func OnWarning(f func(*Problem)) Option { return func(o *options) { o.onWarning = f } }

// WithOrigins stores the origin of each setting in origins when the function [Load]
// succeeds. If Load fails, origins does not change. With a [Loader], use [Handle.Origins].
func WithOrigins(origins *Origins) Option { return func(o *options) { o.origins = origins } }

func (o *options) variables() []string {
	if o.environ != nil {
		return o.environ
	}
	return os.Environ()
}

func (o *options) lookupEnv(name string) (string, bool) {
	if o.environ == nil {
		return os.LookupEnv(name)
	}
	for i := len(o.environ) - 1; i >= 0; i-- { // as in os/exec, the last one wins
		if n, value, ok := strings.Cut(o.environ[i], "="); ok && n == name {
			return value, true
		}
	}
	return "", false
}

// environment returns the name of the environment to load.
func (o *options) environment() (string, error) {
	if o.env != "" {
		return o.env, nil
	}
	if name, ok := o.lookupEnv(o.envVar); ok && name != "" {
		return name, nil
	}
	return "", fmt.Errorf("%w: $%s is not set, and the program does not call WithEnv", ErrNoEnvironment, o.envVar)
}

// source returns the key sources of the user and the machine. policy returns the policy
// that may allow the use of a key service.
func (o *options) source(ctx context.Context, policy func() (*environments.Policy, error)) keys.Source {
	return keys.Source{
		LookupEnv: o.lookupEnv,
		ReadFile:  func(path string) ([]byte, error) { return bounded.File(ctx, path, keys.MaxSource) },
		ConfigDir: keys.ConfigDir(o.lookupEnv),
		HomeDir:   keys.HomeDir(o.lookupEnv),
		Run:       o.run,
		Permit:    environments.Permit(o.allowed, policy),
	}
}

// policy returns the .sops.yaml that applies to the files.
func (o *options) policy() (*environments.Policy, error) {
	if o.fsys != nil {
		return environments.FindPolicyIn(o.fsys, o.dir)
	}
	return environments.FindPolicy(filepath.Join(o.dir, "any"))
}

// config returns the project config that applies to the files.
func (o *options) config() (*environments.Config, error) {
	if o.fsys != nil {
		return environments.FindConfigIn(o.fsys, o.dir)
	}
	return environments.FindConfig(filepath.Join(o.dir, "any"))
}

// run starts the command of $SOPS_AGE_KEY_CMD and returns its stdout. It discards stderr,
// because a library does not print, and stderr may contain a part of a key.
func (o *options) run(ctx context.Context, argv []string) ([]byte, error) {
	return bounded.Output(ctx, argv, keys.MaxSource, func(cmd *exec.Cmd) { cmd.Env = o.variables() })
}

// WithValidation adds a function that checks the settings as a whole. It runs after all
// checks and Validate methods have passed. settings is a *T; f must not change or keep it.
// The error of f can be, join or wrap any number of [FieldError] values, each of which
// becomes a [Problem] of its setting. The errors are shown, so they must not quote values.
// If there are several functions, all of them run, one after another.
func WithValidation(f func(settings any) error) Option {
	return func(o *options) {
		if f != nil {
			o.validations = append(o.validations, f)
		}
	}
}

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
	// DefaultEnvVar is the variable that names the environment.
	DefaultEnvVar = "SEALCFG_ENV"
	// DefaultDir is the folder of environments below the working directory.
	DefaultDir = "environments"
)

// ErrNoEnvironment says that nothing names the environment to load.
var ErrNoEnvironment = errors.New("no environment chosen")

// An Option changes where [Load] looks; nil changes nothing. Later options win over earlier ones of
// the same kind.
type Option func(*options)

// This file is the only one of the package that reads the process environment.
type options struct {
	env        string
	envVar     string
	dir        string
	fsys       fs.FS // nil: the disk
	prefix     *string
	identities []keys.Identity
	allowed    []string // keys of services
	environ    []string // NAME=value; nil: that of the process
	beside     []*environSource
	secrets    []Source // not by its type, so that who needs none does not link it
	added      []Source
	set        Source // of [Set], nil without
	order      func([]Source) []Source
	plain      []string // environments whose files may be plain text
	resolvers  []Resolver
	fetch      fetcher // nil without resolvers
	limits     *referenceLimits
	permit     func(Reference, Origin) error // nil without limits, whose code few programs link
	onWarning  func(*Problem)
	origins    *Origins
	strict     bool
	errs       []error

	withoutFiles bool
	local        bool // the local layer is read
	bound        bool // files without a binding are refused
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

// WithEnv names the environment to load: "prod". No variable is consulted then.
func WithEnv(name string) Option { return func(o *options) { o.env = name } }

// WithEnvVar names the variable that names the environment, in place of
// SEALCFG_ENV.
func WithEnvVar(name string) Option { return func(o *options) { o.envVar = name } }

// WithDir names the folder that holds the environments, in place of
// "environments" below the working directory.
func WithDir(path string) Option { return func(o *options) { o.fsys, o.dir = nil, path } }

// WithFS has the environments read from a folder of fsys, for example an
// embed.FS. dir is separated by slashes; "." is the root.
func WithFS(fsys fs.FS, dir string) Option { return func(o *options) { o.fsys, o.dir = fsys, dir } }

// WithEnvPrefix lets variables of the process environment that begin with prefix
// override the files. Levels are separated by two underscores: with "APP_",
// $APP_DB__API_KEY is db.api_key. Case does not matter. Variables that fit no
// field are warned of (see [Strict]). An empty prefix considers all variables,
// and warns of none. Variables that a field names in its env tag count in any case.
func WithEnvPrefix(prefix string) Option { return func(o *options) { o.prefix = &prefix } }

// WithIdentity gives identities that open the files. With any given, by this
// option or [WithIdentityText], the variables and places of sops are not looked at.
func WithIdentity(ids ...keys.Identity) Option {
	return func(o *options) { o.identities = append(o.identities, ids...) }
}

// WithIdentityText gives age identities as text: AGE-SECRET-KEY-1…, one or more,
// with comments as in an identity file. Errors do not carry the text.
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

// AllowKeys names keys of services that the program may use although the project's
// .sops.yaml does not name them, or is not deployed: "arn:aws:kms:…", as
// .sops.yaml spells them or as the error does; "all" is every key that a file
// names. See [Load].
func AllowKeys(names ...string) Option {
	return func(o *options) { o.allowed = append(o.allowed, names...) }
}

// WithEnviron has all variables (SEALCFG_ENV, the prefixed ones, and those in
// which sops looks for identities) taken from a list in the form of
// [os.Environ], in place of the process environment. With none, there are none.
func WithEnviron(environ ...string) Option {
	return func(o *options) { o.environ = append([]string{}, environ...) }
}

// WithVariables adds variables from elsewhere, for example a .env file: read
// returns them in the form of [os.Environ], and is called once by each Load. from is
// where they come from, for people. They override the files, later options
// override earlier ones, and the process environment overrides all. The prefix is
// that of [WithEnvPrefix]; without one, every name is considered.
func WithVariables(from string, read func(context.Context) ([]string, error)) Option {
	return func(o *options) {
		every := ""
		o.beside = append(o.beside, &environSource{prefix: &every, from: from, list: read})
	}
}

// WithSecretsDir adds a folder with a file for each setting, as Docker and
// Kubernetes mount it: db/password, db.password and db__password are db.password,
// in any case. One line end is taken off. Links are followed within the folder. A
// folder that does not exist is passed over; files that no setting has the name of
// are not read. Several may be given, later ones win. They override the files and
// .env files.
func WithSecretsDir(path ...string) Option {
	return func(o *options) {
		for _, p := range path {
			o.secrets = append(o.secrets, &secretsDir{dir: p})
		}
	}
}

// WithSource adds sources, weakest first. They override files and secrets
// directories; the process environment overrides them. See [Order].
func WithSource(s ...Source) Option {
	return func(o *options) { o.added = append(o.added, s...) }
}

// Order has the sources read in another order: f gets them weakest first, and
// returns those that are to be read, weakest first. See [Source] for their names.
func Order(f func(weakestFirst []Source) []Source) Option {
	return func(o *options) { o.order = f }
}

// Set sets a setting in code; it overrides all sources. path is spelled as in
// [Problem]. value is a string, number, bool, time or duration, a slice, map or
// pointer of these, or has MarshalText; nil is null.
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

// WithoutFiles has no environment chosen and no file opened: settings come from
// the other sources alone.
func WithoutFiles() Option { return func(o *options) { o.withoutFiles = true } }

// WithLocal lets <name>.local.*, which a developer keeps on one machine, override the
// other files of the environment. Without it, Load does not read that file: anyone
// who can write into the directory can encrypt one.
func WithLocal() Option { return func(o *options) { o.local = true } }

// AllowPlain lets the files of the named environments be plain text, their base
// included. Without it, a file that is not sealed is an error, so that a secret
// is not committed by mistake.
func AllowPlain(env ...string) Option {
	return func(o *options) { o.plain = append(o.plain, env...) }
}

// RequireBinding refuses files without a binding, which the file as sops writes it
// has not: then nothing vouches for its names, structure and recipients, and for
// its being the file of this environment. Files that [AllowPlain] lets be plain
// text still may be. See docs/format.md.
//
// The project's sealcfg.yaml can demand the same, for the command too. But whoever can
// change that can take the demand away: the option is what holds then.
func RequireBinding() Option { return func(o *options) { o.bound = true } }

// Strict makes problems of variables that begin with the prefix of
// [WithEnvPrefix] and that no setting has. Otherwise they are warned of.
func Strict() Option { return func(o *options) { o.strict = true } }

// OnWarning has f called with each warning of each load, from the goroutine of
// the load: see [Handle.Warnings].
func OnWarning(f func(*Problem)) Option { return func(o *options) { o.onWarning = f } }

// WithOrigins has [Load] tell where each setting came from. o is filled when
// Load succeeds, and untouched otherwise.
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

// source returns where identities of the user and the machine are looked for. policy
// returns the policy that may allow the use of a key service.
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

// policy reads the .sops.yaml that governs the files.
func (o *options) policy() (*environments.Policy, error) {
	if o.fsys != nil {
		return environments.FindPolicyIn(o.fsys, o.dir)
	}
	return environments.FindPolicy(filepath.Join(o.dir, "any"))
}

// config reads the sealcfg.yaml of the project that the files lie in.
func (o *options) config() (*environments.Config, error) {
	if o.fsys != nil {
		return environments.FindConfigIn(o.fsys, o.dir)
	}
	return environments.FindConfig(filepath.Join(o.dir, "any"))
}

// run starts the command of $SOPS_AGE_KEY_CMD. Its stderr is dropped: a library
// does not print, and it might be part of a key.
func (o *options) run(ctx context.Context, argv []string) ([]byte, error) {
	return bounded.Output(ctx, argv, keys.MaxSource, func(cmd *exec.Cmd) { cmd.Env = o.variables() })
}

// WithValidation has f judge the settings as a whole, after all checks and
// Validate methods have passed. settings is the *T. Its error may be, join or wrap
// any number of [FieldError], each of which becomes a [Problem] of its setting. f
// must not change the settings or keep them; its errors are shown, so they must
// not quote values. Several are asked one after the other, and all of them.
func WithValidation(f func(settings any) error) Option {
	return func(o *options) {
		if f != nil {
			o.validations = append(o.validations, f)
		}
	}
}

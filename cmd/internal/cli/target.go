package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// A Target is a file that a command works on. Its policy, creation rule, project config and
// location are found once, when they are first needed.
type Target struct {
	Env    environments.Environment
	Name   string // the argument that names the file in a command, quoted for a shell
	Path   string // absolute; "" for stdin without a file name
	Shown  string // the path in messages
	Format envfile.Format
	Detect bool // the contents decide about the format, too

	Aliases []string // other paths of the same file: hard links

	Unplaced  bool   // the file has no location, and the location in its binding is ignored
	MayMove   bool   // the file may have been encrypted for another location
	OldRoot   string // the location may be relative to this directory
	Unbound   bool   // the file may lack a binding that sealcfg.yaml requires
	KeepRules bool   // the file keeps its rules, although no binding authenticates them

	// Log reports the use of keys. It may be nil.
	Log KeyLog
	// Check can reject the decrypted file. It may be nil.
	Check func(context.Context, *envfile.Opened) error
	// FindRule replaces the search for the policy from the file upwards. It may be nil. It must be
	// set before the first call of Rule.
	FindRule func() (*environments.Policy, *environments.Rule, error)

	App   *App
	stdin io.Reader // where the contents come from, instead of Path
	*governance
}

// A governance holds the policy, creation rule, project config and location of a file.
// Each is found once.
type governance struct {
	rule     func() ruled
	config   func() (*environments.Config, error)
	location func() (environments.Location, error)
}

type ruled struct {
	policy *environments.Policy
	rule   *environments.Rule
	err    error
}

// newTarget completes t.
func (a *App) newTarget(t Target) *Target {
	t.App = a
	all := &t
	all.governance = &governance{
		rule: sync.OnceValue(func() (r ruled) {
			if all.FindRule != nil {
				r.policy, r.rule, r.err = all.FindRule()
			} else {
				r.policy, r.rule, r.err = a.Finder.Rule(all.Path)
			}
			return r
		}),
		config:   sync.OnceValues(func() (*environments.Config, error) { return a.Finder.Config(all.Path) }),
		location: sync.OnceValues(func() (environments.Location, error) { return a.Finder.Location(all.Path) }),
	}
	return all
}

// TargetOf returns a target for an environment, or for a file if env has its path as name.
func (a *App) TargetOf(env environments.Environment) *Target {
	return a.newTarget(Target{Env: env, Name: argument(env), Path: env.Path, Shown: Shown(env.Path)})
}

// Target returns the target for an argument: the name of an environment, or a path.
func (a *App) Target(arg string) (*Target, error) {
	if arg == Stdio {
		return nil, WithHint(Usagef("only encrypt and decrypt read stdin (-)"), "write it to a file first, or pipe it to: sealcfg decrypt -")
	}
	project, err := a.Project()
	if err != nil {
		return nil, err
	}
	env, err := project.Environment(arg)
	if err != nil {
		return nil, err
	}
	return a.NewTarget(env), nil
}

// NewTarget returns a target for an environment, with its format.
func (a *App) NewTarget(env environments.Environment) *Target {
	t := a.TargetOf(env)
	t.Format, t.Detect = a.FormatOf(env.Path)
	return t
}

// argument returns the argument of commands for a file, quoted for a shell.
func argument(env environments.Environment) string {
	name := env.Name
	if filepath.Base(env.Path) == filepath.Base(filepath.FromSlash(name)) { // the path from the root of the project
		name = Shown(env.Path)
	}
	if strings.HasPrefix(name, "-") {
		name = "." + string(filepath.Separator) + name
	}
	return ShellWord(name)
}

// FileTarget is Target for a path that is not the name of an environment. The file may not
// exist.
func (a *App) FileTarget(path string) (*Target, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return a.NewTarget(environments.Environment{Name: path, Path: abs}), nil
}

// FormatOf returns the format of a file, from --input-type or, without it, from the file
// name. In the second case, the contents may show another format.
func (a *App) FormatOf(path string) (f envfile.Format, detect bool) {
	if f, ok := envfile.FormatNamed(a.InputType); ok {
		return f, false
	}
	f, _ = envfile.FormatOf(path)
	return f, true
}

// Standard returns the target for stdin. The policy for filename applies; without a
// filename, no policy does.
func (a *App) Standard(filename string) (*Target, error) {
	t := a.newTarget(Target{Name: Stdio, Shown: "stdin", stdin: a.Stdin})
	if filename != "" {
		path, err := filepath.Abs(filename)
		if err != nil {
			return nil, err
		}
		t.Name, t.Path = filename, path
	}
	t.Format, t.Detect = a.FormatOf(t.Path)
	return t, nil
}

// Existing is Target for a file that must exist.
func (a *App) Existing(arg string) (*Target, error) {
	t, err := a.Target(arg)
	if err != nil || t.Env.Exists {
		return t, err
	}
	err = fmt.Errorf("%s: %w", t.Shown, fs.ErrNotExist)
	if project, perr := a.Project(); perr == nil {
		if guess := project.Closest(arg); guess != "" && guess != arg {
			return nil, WithHint(err, "did you mean %s?", guess)
		}
		if envs, lerr := project.Environments(); lerr == nil && len(envs) > 0 {
			var names []string
			for _, e := range envs {
				names = append(names, e.Name)
			}
			return nil, WithHint(err, "the environments are %s\nto create a new one, run: sealcfg edit %s", strings.Join(names, ", "), arg)
		}
	}
	if project, perr := a.Project(); perr == nil && project.PolicyPath != "" {
		return nil, WithHint(err, "to create it, run: sealcfg edit %s\nto create dev, test and prod, run: sealcfg init", arg)
	}
	return nil, WithHint(err, "%s", noProject)
}

// At adds the name of the file to an error of package envfile.
func (t *Target) At(err error) error {
	if err == nil {
		return nil
	}
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) && err == error(syntax) {
		place := fmt.Sprintf("%s:%d", t.Shown, syntax.Line)
		if syntax.Column > 0 {
			place += fmt.Sprintf(":%d", syntax.Column)
		}
		err := fmt.Errorf("%s: %s", place, syntax.Reason)
		if syntax.Conflict {
			return WithHint(err, "keep one side of each conflict and delete the lines with its marks; of lastmodified, mac and binding, either side fits\n"+
				"then, if the file is encrypted, run: sealcfg rekey --accept-mac %s", ShellWord(t.Shown))
		}
		return err
	}
	return fmt.Errorf("%s: %w", t.Shown, err)
}

// Bytes reads the file.
func (t *Target) Bytes(ctx context.Context) ([]byte, error) {
	if t.stdin == nil {
		return ReadFile(ctx, t.Path)
	}
	return ReadStream(ctx, t.stdin)
}

// See sets the format from the contents, unless --input-type names it.
func (t *Target) See(src []byte) {
	if t.Detect {
		t.Format = envfile.FormatFor(t.Path, src)
	}
}

// Rule returns the policy and the creation rule of the file. Without a matching rule, it returns
// the policy and an error. It warns of entries of the policy that have no effect.
func (t *Target) Rule() (*environments.Policy, *environments.Rule, error) {
	r := t.rule()
	var broken *environments.PolicyError
	if r.policy != nil && !errors.As(r.err, &broken) {
		t.App.warnPolicy(r.policy, r.rule)
	}
	return r.policy, r.rule, r.err
}

// Location returns the location of the file. It is empty for stdin without a file name, and for
// callers of sops, which has no locations.
func (t *Target) Location() (environments.Location, error) {
	if t.Path == "" || t.Unplaced {
		return environments.Location{}, nil
	}
	return t.location()
}

// warnPolicy warns once of each entry of a policy that has no effect, unless the caller
// may take stderr for a part of the answer.
func (a *App) warnPolicy(policy *environments.Policy, rule *environments.Rule) {
	if a.AnswersOnly {
		return
	}
	for _, w := range policy.Warnings(rule) {
		text := a.Readable(w)
		if _, told := a.told.LoadOrStore("warning: "+text, true); !told {
			a.Warn("%s", text)
		}
	}
}

// A KeyLog reports the use of keys.
type KeyLog interface {
	// RecoverKey returns the identities with which the file of meta is decrypted.
	RecoverKey(ctx context.Context, meta *envfile.Metadata, ids []keys.Identity) []keys.Identity
	// Wrapping returns recipients that report when a data key is wrapped for them. named
	// holds the same recipients as stanzas without a key.
	Wrapping(to envfile.Recipients, named [][]*keys.Stanza) envfile.Recipients
}

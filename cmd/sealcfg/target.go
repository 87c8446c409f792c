package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// target is a file that a command works on, and the policy that governs it.
type target struct {
	env    environments.Environment
	name   string // the argument that names it: the environment's name, or the path, quoted for a shell
	path   string
	shown  string
	format envfile.Format
	stdin  io.Reader // the file is read from here, not from path
	detect bool      // the format depends on the contents too

	aliases []string // other paths of the same file: hard links

	unplaced bool   // it has no location, and the one in its binding does not count
	mayMove  bool   // it may be encrypted for another location
	oldRoot  string // its location may begin at this directory
	unbound  bool   // it may lack the binding that sealcfg.yaml requires

	keepRules bool // the rules of the file count, although they are not authenticated

	log keyLog // reports the use of keys; may be nil
	// check judges the opened file further, if not nil.
	check func(context.Context, *envfile.Opened) error

	app *app
	// ruled finds the policy otherwise than from the file upwards, if not nil.
	ruled func() (*environments.Policy, *environments.Rule, error)
}

// target resolves an argument: an environment's name or a path.
func (a *app) target(arg string) (*target, error) {
	if arg == stdio {
		return nil, withHint(usagef("stdin (-) is read by encrypt and decrypt only"), "write it to a file, or pipe it through sealcfg decrypt -")
	}
	project, err := a.project()
	if err != nil {
		return nil, err
	}
	env, err := project.Environment(arg)
	if err != nil {
		return nil, err
	}
	return a.newTarget(env), nil
}

func (a *app) newTarget(env environments.Environment) *target {
	t := &target{env: env, name: argument(env), path: env.Path, shown: shown(env.Path), app: a}
	t.format, t.detect = a.formatOf(env.Path)
	return t
}

// argument returns what a person types to name a file, quoted for a shell.
func argument(env environments.Environment) string {
	name := env.Name
	if filepath.Base(env.Path) == filepath.Base(filepath.FromSlash(name)) { // the path from the root of the project
		name = shown(env.Path)
	}
	if strings.HasPrefix(name, "-") {
		name = "." + string(filepath.Separator) + name
	}
	return shellWord(name)
}

// fileTarget is target for a path that is no environment's name, whether there
// is a file or not.
func (a *app) fileTarget(path string) (*target, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return a.newTarget(environments.Environment{Name: path, Path: abs}), nil
}

// formatOf returns the format of a file: from --input-type, or else from its name.
// In the second case, the contents may show another one.
func (a *app) formatOf(path string) (f envfile.Format, detect bool) {
	if f, ok := envfile.FormatNamed(a.inputType); ok {
		return f, false
	}
	f, _ = envfile.FormatOf(path)
	return f, true
}

// standard is the target for stdin. The policy for filename applies to it; without
// a filename, no policy does.
func (a *app) standard(filename string) (*target, error) {
	t := &target{name: stdio, shown: "stdin", stdin: a.in, app: a}
	if filename != "" {
		path, err := filepath.Abs(filename)
		if err != nil {
			return nil, err
		}
		t.name, t.path = filename, path
	}
	t.format, t.detect = a.formatOf(t.path)
	return t, nil
}

// existing is target for a file that must exist.
func (a *app) existing(arg string) (*target, error) {
	t, err := a.target(arg)
	if err != nil || t.env.Exists {
		return t, err
	}
	err = fmt.Errorf("%s: %w", t.shown, fs.ErrNotExist)
	if project, perr := a.project(); perr == nil {
		if guess := project.Closest(arg); guess != "" && guess != arg {
			return nil, withHint(err, "did you mean %s?", guess)
		}
		if envs, lerr := project.Environments(); lerr == nil && len(envs) > 0 {
			var names []string
			for _, e := range envs {
				names = append(names, e.Name)
			}
			return nil, withHint(err, "there is %s; sealcfg edit %s makes a new one", strings.Join(names, ", "), arg)
		}
	}
	if project, perr := a.project(); perr == nil && project.PolicyPath != "" {
		return nil, withHint(err, "sealcfg init makes dev, test and prod; sealcfg edit %s makes this one", arg)
	}
	return nil, withHint(err, "%s", noProject)
}

// at adds the file's name to an error of package envfile.
func (t *target) at(err error) error {
	if err == nil {
		return nil
	}
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) && err == error(syntax) {
		place := fmt.Sprintf("%s:%d", t.shown, syntax.Line)
		if syntax.Column > 0 {
			place += fmt.Sprintf(":%d", syntax.Column)
		}
		err := fmt.Errorf("%s: %s", place, syntax.Reason)
		if syntax.Conflict {
			return withHint(err, "keep one side of each conflict and delete the lines with its marks; of lastmodified, mac and binding, either side fits\n"+
				"then, if the file is encrypted, run: sealcfg rekey --accept-mac %s", shellWord(t.shown))
		}
		return err
	}
	return fmt.Errorf("%s: %w", t.shown, err)
}

// bytes reads the file.
func (t *target) bytes(ctx context.Context) ([]byte, error) {
	if t.stdin == nil {
		return readAny(ctx, t.path)
	}
	return readStream(ctx, t.stdin)
}

// see takes the format from the contents, where they have a say in it.
func (t *target) see(src []byte) {
	if t.detect {
		t.format = envfile.FormatFor(t.path, src)
	}
}

// rule returns the policy and the creation rule that apply to the file. Without a
// matching rule, it returns the policy and an error. It warns of the entries of the
// policy that have no effect.
func (t *target) rule() (policy *environments.Policy, rule *environments.Rule, err error) {
	if t.ruled != nil {
		policy, rule, err = t.ruled()
	} else {
		policy, rule, err = t.app.finder.Rule(t.path)
	}
	var broken *environments.PolicyError
	if policy != nil && !errors.As(err, &broken) {
		t.app.warnPolicy(policy, rule)
	}
	return policy, rule, err
}

// warnPolicy warns once of each entry of a policy that has no effect, unless the caller
// may take stderr for a part of the answer.
func (a *app) warnPolicy(policy *environments.Policy, rule *environments.Rule) {
	if a.answersOnly {
		return
	}
	for _, w := range policy.Warnings(rule) {
		text := a.readable(w)
		if _, told := a.told.LoadOrStore("warning: "+text, true); !told {
			a.warn("%s", text)
		}
	}
}

// A keyLog reports the use of keys.
type keyLog interface {
	// recoverKey returns the identities with which the file of meta is decrypted.
	recoverKey(ctx context.Context, meta *envfile.Metadata, ids []keys.Identity) []keys.Identity
	// wrapping returns recipients that report when a data key is wrapped for them. named
	// holds the same recipients as stanzas without a key.
	wrapping(to envfile.Recipients, named [][]*keys.Stanza) envfile.Recipients
}

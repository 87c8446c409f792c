package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/keys"
)

// target is a file that a command works on, and the policy that governs it.
type target struct {
	env    environments.Environment
	name   string // as people call it: the environment's name, or the path
	path   string
	shown  string
	format envfile.Format
}

// target resolves an argument: an environment's name or a path.
func (a *app) target(arg string) (*target, error) {
	project, err := a.project()
	if err != nil {
		return nil, err
	}
	env, err := project.Environment(arg)
	if err != nil {
		return nil, err
	}
	return newTarget(env)
}

func newTarget(env environments.Environment) (*target, error) {
	format, err := envfile.FormatOf(env.Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown(env.Path), err)
	}
	return &target{env: env, name: env.Name, path: env.Path, shown: shown(env.Path), format: format}, nil
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
	return nil, withHint(err, "run sealcfg init to begin, or sealcfg edit %s to make it", arg)
}

// at adds the file's name to an error of package envfile.
func (t *target) at(err error) error {
	if err == nil {
		return nil
	}
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) && err == error(syntax) {
		if syntax.Column > 0 {
			return fmt.Errorf("%s:%d:%d: %s", t.shown, syntax.Line, syntax.Column, syntax.Reason)
		}
		return fmt.Errorf("%s:%d: %s", t.shown, syntax.Line, syntax.Reason)
	}
	return fmt.Errorf("%s: %w", t.shown, err)
}

// read parses the sealed file. The bytes are what is on disk.
func (t *target) read() (*envfile.Sealed, error) {
	src, err := os.ReadFile(t.path)
	if err != nil {
		return nil, err
	}
	s, err := envfile.ParseSealed(t.format, src)
	return s, t.at(err)
}

// open reads and decrypts the file.
func (a *app) open(ctx context.Context, t *target) (*envfile.Opened, error) {
	s, err := t.read()
	if err != nil {
		return nil, err
	}
	return a.openSealed(ctx, t, s)
}

func (a *app) openSealed(ctx context.Context, t *target, s *envfile.Sealed) (*envfile.Opened, error) {
	ids, err := a.loadIdentities(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.Open(ctx, ids...)
	if err != nil {
		return nil, a.noKey(t, s, t.at(err))
	}
	return o, nil
}

// noKey explains, by name, for whom a file is sealed when no identity fits.
func (a *app) noKey(t *target, s *envfile.Sealed, err error) error {
	var none *keys.NoIdentityError
	if !errors.As(err, &none) {
		return err
	}
	policy, _ := environments.FindPolicy(t.path) // for names only
	who := readers(policy, s.Metadata())
	var hint strings.Builder
	fmt.Fprintf(&hint, "it is readable by %s; ", joinNames(who))
	if len(who) > 1 {
		hint.WriteString("one of them can")
	} else {
		fmt.Fprintf(&hint, "%s can", joinNames(who))
	}
	fmt.Fprintf(&hint, " add you to .sops.yaml and run sealcfg rekey %s", t.name)
	if none.Tried == 0 {
		hint.WriteString("\nno identity yet? sealcfg key new makes one")
	} else {
		hint.WriteString("\nsealcfg key show prints the recipient to give them")
	}
	hint.WriteString("\nlooked for an identity in:")
	for _, p := range a.places {
		fmt.Fprintf(&hint, "\n  %s: %s", p.name, countOf(p.found, "identity", "identities"))
	}
	return withHint(fmt.Errorf("%s: no identity at hand opens it%w", t.shown, quiet{err}), "%s", hint.String())
}

func countOf(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + one
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// save replaces the file by a sealed one, unless it changed since it was read.
// old is nil for a file that must not exist yet.
func (t *target) save(s, old *envfile.Sealed) error {
	opt := atomicfile.Options{NoClobber: old == nil}
	if old != nil {
		opt.IfUnchanged = old.Bytes()
	}
	return atomicfile.Write(t.path, s.Bytes(), opt)
}

// rule returns what policy says of the file. ok is false without a policy.
func (t *target) rule() (policy *environments.Policy, rule *environments.Rule, err error) {
	policy, err = environments.FindPolicy(t.path)
	if err != nil {
		return nil, nil, err
	}
	rule, err = policy.RuleFor(t.path)
	return policy, rule, err
}

// checkPolicy compares a file with policy before it is written: what policy
// seals must not be written in clear because the file's own metadata says so.
// Recipients are not changed by an edit; a difference is only reported.
func (a *app) checkPolicy(t *target, meta *envfile.Metadata) error {
	policy, rule, err := t.rule()
	switch {
	case errors.Is(err, environments.ErrNoPolicy), errors.Is(err, environments.ErrNoRule):
		return nil // the file's own metadata is all there is
	case err != nil:
		return err
	}
	if rule.Rules != meta.Rules {
		return withHint(
			fmt.Errorf("%s: the file says %s, but %s:%d says %s", t.shown, meta.Rules, shown(policy.Path), rule.Line, rule.Rules),
			"run sealcfg rekey %s to bring the file in line with .sops.yaml", t.name)
	}
	gain, lose := difference(policy, rule, meta)
	if len(gain)+len(lose) > 0 {
		a.warn("%s: .sops.yaml names other people than the file (%s); sealcfg rekey %s brings it in line",
			t.shown, describeDifference(gain, lose), t.name)
	}
	return nil
}

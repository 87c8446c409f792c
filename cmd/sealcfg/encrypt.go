package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/keys"
)

type encryptOptions struct {
	app    *app
	file   string
	output string
}

func newEncryptCmd(a *app) *cobra.Command {
	o := &encryptOptions{app: a}
	cmd := &cobra.Command{
		Use:   "encrypt FILE",
		Short: "Seal a plain file",
		Long: `Encrypt seals a plain file in place, for the people whom .sops.yaml names for its
path. With -o the plain file stays, and the sealed one is governed by the path
that it is written to. What git has seen in plain text stays in its history.

In place it refuses to lock you out: .sops.yaml must name you for the file.`,
		Example: `  sealcfg encrypt environments/prod.yaml
  sealcfg encrypt plain.yaml -o environments/prod.yaml`,
		Args:              exactly(1, "one FILE"),
		ValidArgsFunction: a.completeEnv,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return runEncrypt(cmd, o)
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE`, which must not exist, instead of in place")
	return cmd
}

func runEncrypt(cmd *cobra.Command, o *encryptOptions) error {
	a := o.app
	from, err := a.target(o.file)
	if err != nil {
		return err
	}
	to := from
	if o.output != "" {
		if to, err = a.target(o.output); err != nil {
			return err
		}
	}
	src, err := os.ReadFile(from.path)
	if err != nil {
		return err
	}
	d, err := envfile.Parse(from.format, src)
	if err != nil {
		return from.at(err)
	}
	policy, rule, err := to.rule()
	if err != nil {
		return err
	}
	if err := a.warnTraps(from, d, rule.Rules); err != nil {
		return err
	}
	s, err := sealNew(cmd.Context(), rule, d)
	if err != nil {
		return from.at(err)
	}
	if to == from && !a.canOpen(cmd.Context(), s) {
		return withHint(lockedOut(to, policy, s), "with -o the plain file stays; or add your recipient to .sops.yaml (sealcfg key show prints it)")
	}
	opt := atomicfile.Options{IfUnchanged: src}
	if to != from {
		opt = atomicfile.Options{NoClobber: true}
	}
	if err := atomicfile.Write(to.path, s.Bytes(), opt); err != nil {
		if errors.Is(err, atomicfile.ErrExists) {
			return withHint(err, "remove it first, or change it with sealcfg edit %s", to.name)
		}
		return err
	}
	a.say("sealed %s (%s) for %s", to.shown, countOf(sealedCount(s), "value", "values"), joinNames(readers(policy, s.Metadata())))
	if !a.canOpen(cmd.Context(), s) {
		a.warn("%s", lockedOut(to, policy, s))
	}
	return nil
}

// sealNew seals a document for a file that does not exist sealed yet.
func sealNew(ctx context.Context, rule *environments.Rule, d *envfile.Document) (*envfile.Sealed, error) {
	to, err := rule.Recipients(keys.Default)
	if err != nil {
		return nil, err
	}
	s, _, err := envfile.Seal(ctx, d, rule.Rules, to)
	return s, err
}

// canOpen reports whether the user is among those for whom a file is sealed. If
// identities cannot be read, the answer is no.
func (a *app) canOpen(ctx context.Context, s *envfile.Sealed) bool {
	ids, err := a.loadIdentities(ctx)
	return err == nil && s.Unwraps(ctx, ids...) == nil
}

// lockedOut says for whom else a file is sealed.
func lockedOut(t *target, policy *environments.Policy, s *envfile.Sealed) error {
	return fmt.Errorf("you cannot open %s: it is sealed for %s only", t.shown, joinNames(readers(policy, s.Metadata())))
}

// warnTraps names the values whose spelling does not survive sealing, or that
// are probably not what their author thinks.
func (a *app) warnTraps(t *target, d *envfile.Document, rules envfile.Rules) error {
	traps, err := d.Traps(rules)
	for _, trap := range traps {
		a.warn("%s:%d:%d: %s: %s", t.shown, trap.Line, trap.Column, trap.Path, trap.Reason)
	}
	return err
}

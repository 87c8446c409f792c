package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
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
that it is written to. What git has seen in plain text stays in its history.`,
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
	from, err := a.existing(o.file)
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
	s, err := a.sealNew(cmd, to, d)
	if err != nil {
		return from.at(err)
	}
	opt := atomicfile.Options{IfUnchanged: src}
	if to != from {
		opt = atomicfile.Options{NoClobber: true}
	}
	if err := atomicfile.Write(to.path, s.Bytes(), opt); err != nil {
		return err
	}
	policy, _, _ := to.rule()
	a.say("sealed %s (%s) for %s", to.shown, countOf(leafCount(s.Roots()), "value", "values"), joinNames(readers(policy, s.Metadata())))
	return nil
}

// sealNew seals a document for a file that policy governs, and makes sure that
// the user can open it again.
func (a *app) sealNew(cmd *cobra.Command, t *target, d *envfile.Document) (*envfile.Sealed, error) {
	policy, rule, err := t.rule()
	if err != nil {
		return nil, err
	}
	to, err := rule.Recipients(keys.Default)
	if err != nil {
		return nil, err
	}
	if err := a.warnTraps(t, d, rule.Rules); err != nil {
		return nil, err
	}
	s, _, err := envfile.Seal(cmd.Context(), d, rule.Rules, to)
	if err != nil {
		return nil, err
	}
	ids, err := a.loadIdentities(cmd.Context())
	if err != nil {
		return nil, err
	}
	if err := s.Unwraps(cmd.Context(), ids...); errors.Is(err, keys.ErrNoIdentity) {
		a.warn("you cannot open %s: it is sealed for %s only", t.shown, joinNames(readers(policy, s.Metadata())))
	} else if err != nil {
		return nil, err
	}
	return s, nil
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

func joinNames(names []string) string {
	switch len(names) {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	}
	return fmt.Sprintf("%s and %s", joinComma(names[:len(names)-1]), names[len(names)-1])
}

func joinComma(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

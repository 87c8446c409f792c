package main

import (
	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/spf13/cobra"
)

func newUnsetCmd(a *cli.App) *cobra.Command {
	keepRules, document := false, 1
	cmd := &cobra.Command{
		Use:   "unset ENV PATH",
		Short: "Remove one field",
		Long: `Unset removes the field at PATH, which may be a map or a list. Comments above the
field stay. Git keeps earlier versions of the file: rotate a secret where it was
issued.`,
		Example: `  sealcfg unset prod db.old_password
  sealcfg unset prod 'db.hosts[1]'`,
		Args:              exactly(2, "ENV and PATH"),
		ValidArgsFunction: completeField(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := cli.ParseField(args[1])
			if err != nil {
				return err
			}
			t, err := a.Existing(args[0])
			if err != nil {
				return err
			}
			t.KeepRules = keepRules
			opened, err := a.Open(cmd.Context(), t)
			if err != nil {
				return err
			}
			return applyTo(cmd.Context(), a, t, opened, func(now *envfile.Opened) (envfile.Op, error) {
				root, err := cli.DocumentRoot(t, now.Roots(), document)
				if err != nil {
					return envfile.Op{}, err
				}
				if root.At(path) == nil {
					return envfile.Op{}, cli.NoField(t, now.Roots(), path, document)
				}
				return envfile.Unset(path).In(document - 1), nil
			}, nil)
		},
	}
	cli.DocumentFlag(cmd, &document)
	cli.KeepRulesFlag(cmd, &keepRules)
	return cmd
}

package main

import (
	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
)

func newUnsetCmd(a *app) *cobra.Command {
	keepRules, document := false, 1
	cmd := &cobra.Command{
		Use:   "unset ENV PATH",
		Short: "Remove one field",
		Long: `Unset removes the field under PATH, which may be a map or a list. Comments
above the field stay. What git has seen stays in its history: rotate a secret
that is not needed any more where it was issued.`,
		Example: `  sealcfg unset prod db.old_password
  sealcfg unset prod 'db.hosts[1]'`,
		Args:              exactly(2, "ENV and PATH"),
		ValidArgsFunction: completeField(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := parseField(args[1])
			if err != nil {
				return err
			}
			t, err := a.existing(args[0])
			if err != nil {
				return err
			}
			t.keepRules = keepRules
			opened, err := a.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			return a.applyTo(cmd.Context(), t, opened, func(now *envfile.Opened) (envfile.Op, error) {
				root, err := documentRoot(t, now.Roots(), document)
				if err != nil {
					return envfile.Op{}, err
				}
				if root.At(path) == nil {
					return envfile.Op{}, noField(t, now.Roots(), path, document)
				}
				return envfile.Unset(path).In(document - 1), nil
			}, nil)
		},
	}
	documentFlag(cmd, &document)
	keepRulesFlag(cmd, &keepRules)
	return cmd
}

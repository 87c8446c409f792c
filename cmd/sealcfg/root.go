package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func newRootCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sealcfg",
		Short: "Config files in git: names readable, values sealed",
		Long: `sealcfg keeps config files in git, one per environment. Field names stay
readable, values are sealed. The files are SOPS files.

ENV is the name of an environment (prod means environments/prod.yaml) or a path.`,
		Example: `  sealcfg init            begin: an identity, .sops.yaml, environments
  sealcfg edit prod       change settings in your editor
  sealcfg view prod       what is in it, and who can read it
  sealcfg decrypt prod    the plain text
  sealcfg rekey           after a change of people in .sops.yaml`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		// A typo must never be taken for a file: print what was meant, exit 2.
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			err := usagef("unknown command %q", args[0])
			if guesses := cmd.SuggestionsFor(args[0]); len(guesses) > 0 {
				return withHint(err, "did you mean sealcfg %s?", guesses[0])
			}
			return withHint(err, "sealcfg help lists the commands")
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.watchSignals(cmd)
			if a.dir == "" {
				return nil
			}
			if err := os.Chdir(a.dir); err != nil {
				return usageError{err}
			}
			return nil
		},
	}
	flags := cmd.PersistentFlags()
	flags.StringVarP(&a.dir, "dir", "C", "", "run as if started in `DIR`")
	flags.BoolVar(&a.json, "json", false, "report as JSON on stdout")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors and warnings")
	flags.BoolVar(&a.noColor, "no-color", false, "no colours (also: NO_COLOR)")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.SetUsageTemplate(cmd.UsageTemplate() + "\n" + exitHelp + "\n")

	cmd.AddCommand(
		newInitCmd(a), newEditCmd(a), newDecryptCmd(a), newEncryptCmd(a), newViewCmd(a),
		newGetCmd(a), newSetCmd(a), newUnsetCmd(a), newRekeyCmd(a), newKeyCmd(a), newVersionCmd(a),
	)
	return cmd
}

// exactly is cobra.ExactArgs with an error that says what is missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return between(n, n, what)
}

func between(low, high int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= low && (high < 0 || len(args) <= high) {
			return nil
		}
		return withHint(usageError{fmt.Errorf("want %s, got %s", what, countOf(len(args), "argument", "arguments"))},
			"%s", cmd.UseLine())
	}
}

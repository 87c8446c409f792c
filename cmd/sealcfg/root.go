package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/sopscli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newRootCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sealcfg",
		Short: "Edit config files with encrypted values",
		Long: `sealcfg keeps config files in git, one per environment. Field names stay
readable, values are encrypted. The files are SOPS files.

ENV is the name of an environment (prod is environments/prod.yaml) or a path.`,
		Example: `  sealcfg init            create an identity, .sops.yaml and environments
  sealcfg edit prod       change an environment in your editor
  sealcfg view prod       list fields and recipients
  sealcfg decrypt prod    print the plaintext
  sealcfg rekey           update all files after a change of .sops.yaml`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// A misspelled command must never be used as a file name.
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.WatchSignals(cmd)
			if _, known := envfile.FormatNamed(a.InputType); a.InputType != "" && !known {
				return cli.Usagef("unknown format %q: expected %s", a.InputType, cli.JoinOr(envfile.FormatNames()))
			}
			cmd.SetContext(keys.WithSource(cmd.Context(), a.WithPrompts(keys.Source{}))) // for recipients
			return a.EnterDir()
		},
	}
	flags := cmd.PersistentFlags()
	flags.StringVarP(&a.Dir, "dir", "C", "", "run as if started in `DIR`")
	flags.StringVar(&a.InputType, "input-type", "", "read files as `FORMAT`, regardless of their names: "+strings.Join(envfile.FormatNames(), ", "))
	flags.BoolVar(&a.JSON, "json", false, "report as JSON on stdout")
	flags.BoolVarP(&a.Quiet, "quiet", "q", false, "print only errors and warnings")
	flags.BoolVar(&a.NoColor, "no-color", false, "print without colors (also: $NO_COLOR)")
	_ = cmd.RegisterFlagCompletionFunc("input-type", cobra.FixedCompletions(envfile.FormatNames(), cobra.ShellCompDirectiveNoFileComp))
	flags.StringArrayVar(&a.AllowKeys, "allow-key", nil, "use this `KEY` of a key service although .sops.yaml does not name it; all allows every key (also: $"+cli.EnvAllowKeys+")")
	cmd.SetFlagErrorFunc(noSuchFlag)
	cmd.Version = versionText()
	cmd.SetVersionTemplate("{{.Version}}\n")
	cmd.Flags().Bool("version", false, "print the version") // without it, cobra uses -v, which usually means verbose
	cmd.SetUsageTemplate(cmd.UsageTemplate() + "\n" + cli.ExitHelp + "\n")

	cmd.AddCommand(
		newInitCmd(a), newEditCmd(a), newDecryptCmd(a), newEncryptCmd(a), newViewCmd(a),
		newGetCmd(a), newSetCmd(a), newUnsetCmd(a), newStructCmd(a), newRekeyCmd(a), newKeyCmd(a), newDraftCmd(a), newVersionCmd(a), sopscli.NewCommand(a),
	)
	cmd.SetHelpCommand(newHelpCmd())
	tuneCompletion(cmd)
	return cmd
}

// noSuchFlag adds a hint with the most similar flag to the error for an unknown flag.
func noSuchFlag(cmd *cobra.Command, err error) error {
	var none *pflag.NotExistError
	if !errors.As(err, &none) {
		return cli.Usage(err)
	}
	if h := sopscli.FlagHint(cmd, none); h != "" {
		return cli.WithHint(cli.Usage(err), "%s", h)
	}
	var names []string
	each := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(each)
	cmd.InheritedFlags().VisitAll(each)
	if guess, ok := closest.Of(none.GetSpecifiedName(), names); ok && len(none.GetSpecifiedName()) > 1 {
		return cli.WithHint(cli.Usage(err), "did you mean --%s?", guess)
	}
	hint := "to list the flags, run: " + cmd.CommandPath() + " --help"
	if none.GetSpecifiedShortnames() != "" {
		hint += "\nto use a name that starts with a dash, put it after: --"
	}
	return cli.WithHint(cli.Usage(err), "%s", hint)
}

func subcommands(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(append(names, c.Name()), c.Aliases...)
	}
	return names
}

// newHelpCmd replaces cobra's help command, which prints other help and ends with 0 if a
// command does not exist.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Print help about a command",
		Example: `  sealcfg help edit`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if of, _, err := cmd.Root().Find(args); err == nil {
				return subcommands(of), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				if of == nil {
					of, rest = cmd.Root(), args
				}
				return noSuchCommand(of, rest)
			}
			of.InitDefaultHelpFlag() // the help lists the flag only then
			return of.Help()
		},
	}
}

// tuneCompletion makes cobra's completion command reject unknown shells, and adds
// examples.
func tuneCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find([]string{"completion"})
	if err != nil {
		return // cobra's completion command is off
	}
	cmd.Short = "Print a script that completes commands, environments and fields"
	cmd.Args = noSuchCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.Example = "  source <(sealcfg completion bash)\n  sealcfg completion fish | source"
	for _, shell := range cmd.Commands() {
		shell.Args = exactly(0, "no arguments")
		shell.Example = "  sealcfg completion " + shell.Name()
	}
}

// execute runs a command line and returns the exit code.
func execute(ctx context.Context, a *cli.App, args []string) int {
	a.WorkDir, _ = os.Getwd() // "" if it is gone: paths stay absolute then
	root := newRootCmd(a)
	root.SetArgs(args)
	root.SetIn(a.Stdin)
	out := &remembering{to: a.Stdout}
	root.SetOut(out)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.err
	}
	var ended *cli.EndedError
	if errors.As(err, &ended) {
		return ended.Code
	}
	return a.Report(a.Outcome(err))
}

// remembering keeps the first error of a write. Cobra drops it when it prints help.
type remembering struct {
	to  io.Writer
	err error
}

func (w *remembering) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

package main

import (
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/sopscli"
	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/spf13/cobra"
)

// noSuchCommand is the Args of a command with subcommands: an argument that is left
// is a misspelled subcommand.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := cli.Usagef("unknown command %q", args[0])
	if instead := sopscli.Instead(args[0]); instead != "" && !cmd.HasParent() {
		return cli.WithHint(err, "in sealcfg, run: %s", strings.Replace(instead, "FILE", cli.FileArgument(args), 1))
	}
	if guess, ok := closest.Of(args[0], subcommands(cmd)); ok {
		return cli.WithHint(err, "did you mean %s %s?", cmd.CommandPath(), guess)
	}
	if file := cli.FileArgument(args[:1]); file != "FILE" && !cmd.HasParent() { // sops edits it
		return cli.WithHint(err, "the command comes first; run: sealcfg edit %s", file)
	}
	return cli.WithHint(err, "to list the commands, run: %s --help", cmd.CommandPath())
}

// exactly is cobra.ExactArgs with an error that names the expected arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return between(n, n, what)
}

// between is exactly for low to high arguments. A negative high means no limit.
func between(low, high int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= low && (high < 0 || len(args) <= high) {
			return nil
		}
		return cli.WithHint(cli.Usage(fmt.Errorf("expected %s, got %s", what, cli.Count(len(args), "argument", "arguments"))),
			"%s", cmd.UseLine())
	}
}

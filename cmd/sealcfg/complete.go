package main

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/spf13/cobra"
)

// The names of environments and fields are not encrypted, so completion needs no key.

// completeEnv completes one environment or file.
func completeEnv(a *cli.App) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return envNames(a), cobra.ShellCompDirectiveDefault
	}
}

// completeEnvs completes environments that are not among the arguments yet.
func completeEnvs(a *cli.App) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		names := slices.DeleteFunc(envNames(a), func(name string) bool { return slices.Contains(args, name) })
		return names, cobra.ShellCompDirectiveDefault
	}
}

// completeField completes an environment and one of its fields.
func completeField(a *cli.App) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		switch len(args) {
		case 0:
			return completeEnv(a)(cmd, args, toComplete)
		case 1:
			return completableFields(a, cmd, args[0]), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveDefault
	}
}

// envNames returns the environments of the project.
func envNames(a *cli.App) []string {
	if a.EnterDir() != nil { // cobra does not run the hook that does this
		return nil
	}
	project, err := a.Project()
	if err != nil {
		return nil
	}
	envs, err := project.Environments()
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range envs {
		names = append(names, e.Name)
	}
	return names
}

// completableFields returns the paths of the fields of a file.
func completableFields(a *cli.App, cmd *cobra.Command, arg string) []string {
	if a.EnterDir() != nil {
		return nil
	}
	t, err := a.Target(arg)
	if err != nil {
		return nil
	}
	s, err := t.Read(cmd.Context())
	if err != nil {
		return nil
	}
	document, err := cmd.Flags().GetInt("document")
	if err != nil {
		return nil
	}
	root, err := cli.DocumentRoot(t, s.Roots(), document)
	if err != nil {
		return nil
	}
	var names []string
	for path := range root.Leaves() {
		if name := path.String(); !strings.Contains(name, " ") && !strings.ContainsFunc(name, cli.IsControl) {
			names = append(names, name)
		}
	}
	return names
}

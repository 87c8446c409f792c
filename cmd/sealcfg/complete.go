package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// Names of environments and of fields are public, so they complete without a key.

func (a *app) completeEnv(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.envNames(), cobra.ShellCompDirectiveDefault
}

func (a *app) completeEnvs(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	given := map[string]bool{}
	for _, arg := range args {
		given[arg] = true
	}
	var names []string
	for _, n := range a.envNames() {
		if !given[n] {
			names = append(names, n)
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}

func (a *app) completeField(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return a.completeEnv(cmd, args, toComplete)
	case 1:
		return a.fieldNames(cmd, args[0]), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}

func (a *app) envNames() []string {
	if a.enter() != nil { // cobra runs no hooks before it completes
		return nil
	}
	project, err := a.project()
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

func (a *app) fieldNames(cmd *cobra.Command, arg string) []string {
	if a.enter() != nil {
		return nil
	}
	t, err := a.target(arg)
	if err != nil {
		return nil
	}
	s, err := t.read(cmd.Context())
	if err != nil {
		return nil
	}
	document, err := cmd.Flags().GetInt("document")
	if err != nil {
		return nil
	}
	root, err := documentRoot(t, s.Roots(), document)
	if err != nil {
		return nil
	}
	var names []string
	for path := range root.Leaves() {
		if name := path.String(); !strings.Contains(name, " ") && !strings.ContainsFunc(name, commanding) {
			names = append(names, name)
		}
	}
	return names
}

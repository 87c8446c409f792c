package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/spf13/cobra"
)

func newVersionCmd(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: `  sealcfg version --json`,
		Args:    exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string `json:"version"`
				Format  string `json:"sops_format"`
				Go      string `json:"go"`
			}{buildVersion(), envfile.FormatVersion, runtime.Version()}
			if a.JSON {
				return a.PrintJSON(v)
			}
			_, err := fmt.Fprintln(a.Stdout, versionText())
			return err
		},
	}
}

func versionText() string {
	return fmt.Sprintf("sealcfg %s (file format of sops %s, %s)", buildVersion(), envfile.FormatVersion, runtime.Version())
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

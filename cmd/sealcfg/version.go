package main

import (
	"fmt"
	"runtime"

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
			}{cli.BuildVersion(), envfile.FormatVersion, runtime.Version()}
			if a.JSON {
				return a.PrintJSON(v)
			}
			_, err := fmt.Fprintln(a.Stdout, versionText())
			return err
		},
	}
}

func versionText() string {
	return fmt.Sprintf("sealcfg %s (file format of sops %s, %s)", cli.BuildVersion(), envfile.FormatVersion, runtime.Version())
}

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
)

func newVersionCmd(a *app) *cobra.Command {
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
			if a.json {
				return a.printJSON(v)
			}
			_, err := fmt.Fprintln(a.out, versionText())
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

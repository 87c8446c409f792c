package main

import (
	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/spf13/cobra"
)

func newGetCmd(a *cli.App) *cobra.Command {
	document := 1
	cmd := &cobra.Command{
		Use:   "get ENV PATH",
		Short: "Print one value",
		Long: `Get prints the value at PATH: a list or a map as JSON, any other value unchanged.
In a pipe or a file, the output contains exactly the bytes of the value; on a
terminal, a line feed follows. With --json, the value is printed as indented JSON.
In a file with several documents, --document selects one.

PATH is written db.hosts[0].port; a key with special characters is quoted:
'logging["com.example.App"]'.`,
		Example: `  sealcfg get prod db.password
  sealcfg get prod 'db.hosts[0]'
  sealcfg get prod db --json`,
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
			opened, err := a.Open(cmd.Context(), t)
			if err != nil {
				return err
			}
			n, err := cli.LookUp(t, opened.Roots(), args[1], document)
			if err != nil {
				return err
			}
			noteLayers(cmd.Context(), a, t, path.String())
			print := cli.PrintedValue
			if a.JSON {
				print = cli.JSONText
			}
			text, err := print(n)
			if err != nil {
				return t.At(err)
			}
			return a.Answer(text)
		},
	}
	cli.DocumentFlag(cmd, &document)
	return cmd
}

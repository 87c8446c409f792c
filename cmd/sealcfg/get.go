package main

import (
	"github.com/spf13/cobra"
)

func newGetCmd(a *app) *cobra.Command {
	document := 1
	cmd := &cobra.Command{
		Use:   "get ENV PATH",
		Short: "Print one value",
		Long: `Get prints the value under PATH: a list or a map as JSON, anything else as it is.
In a pipe and in a file, the output is the value to the byte; on a terminal, a
line feed follows. With --json, the value is printed as JSON, on lines of its own.
In a file with several documents, --document chooses one.

PATH is written db.hosts[0].port; a key with special characters is quoted:
'logging["com.example.App"]'.`,
		Example: `  sealcfg get prod db.password
  sealcfg get prod 'db.hosts[0]'
  sealcfg get prod db --json`,
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
			opened, err := a.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			n, err := lookUp(t, opened.Roots(), args[1], document)
			if err != nil {
				return err
			}
			a.noteLayers(cmd.Context(), t, path.String())
			print := printedValue
			if a.json {
				print = jsonText
			}
			text, err := print(n)
			if err != nil {
				return t.at(err)
			}
			return a.answer(text)
		},
	}
	documentFlag(cmd, &document)
	return cmd
}

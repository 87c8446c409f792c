package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/spf13/cobra"
)

func newKeyListCmd(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the recipients of all files",
		Long: `List prints a table of recipients and files, from the metadata of all encrypted
files of the repository that a creation rule matches, with the names in .sops.yaml.
It also lists recipients that .sops.yaml names and no file has. It needs no key. If a
file cannot be read, the exit code is 3.`,
		Example: `  sealcfg key list`,
		Args:    exactly(0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runKeyList(cmd.Context(), a) },
	}
}

// A keyRow lists the readers of one file.
type keyRow struct {
	Env     string   `json:"environment"` // its name, or the path of a file elsewhere
	File    string   `json:"file"`
	Readers []string `json:"readers"`

	known []string // all recipients in the policy
}

func runKeyList(ctx context.Context, a *cli.App) error {
	rows, v, err := eachEncrypted(ctx, a, ".", "", func(t *cli.Target, s *envfile.Sealed) (keyRow, error) {
		policy, _, err := t.Rule()
		if err != nil {
			return keyRow{}, err
		}
		row := keyRow{Env: t.Env.Name, File: t.Shown, Readers: cli.RecipientNames(policy, s.Metadata())}
		if row.Env != t.Name { // a path
			row.Env = t.Shown
		}
		for _, p := range policy.Recipients() {
			row.known = append(row.known, cli.Label(policy, p.Recipient))
		}
		return row, nil
	})
	if err != nil {
		return err
	}
	if err := v.noneFound(); err != nil {
		return err
	}
	people := []string{}
	for _, row := range rows {
		people = append(people, row.known...)
	}
	for _, row := range rows {
		people = append(people, row.Readers...)
	}
	people = withoutRepeats(people)
	if a.JSON {
		err = a.PrintJSON(struct {
			People []string `json:"people"`
			Files  []keyRow `json:"files"`
			*unprocessed
		}{people, append([]keyRow{}, rows...), v})
	} else if len(rows) > 0 {
		err = printTable(a, people, rows)
	}
	v.report()
	if err == nil && len(v.Skipped) > 0 {
		err = cli.ErrProblems
	}
	return err
}

// withoutRepeats removes repeated names.
func withoutRepeats(names []string) []string {
	var kept []string
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			kept = append(kept, name)
		}
	}
	return kept
}

// widest is the width in characters up to which a table is readable.
const widest = 100

// printTable prints a row for each person and a column for each file. If the table
// would be too wide, it prints one file per line, grouped by person.
func printTable(a *cli.App, people []string, rows []keyRow) error {
	width := 0
	for _, p := range people {
		width = max(width, utf8.RuneCountInString(cli.CleanName(p)))
	}
	header := strings.Repeat(" ", width)
	for _, r := range rows {
		header += "  " + cli.CleanName(r.Env)
	}
	if utf8.RuneCountInString(header) > widest {
		return printLists(a, people, rows)
	}
	lines := []string{header}
	for _, p := range people {
		name := cli.CleanName(p)
		line := name + strings.Repeat(" ", width-utf8.RuneCountInString(name))
		for _, r := range rows {
			mark := "-"
			if slices.Contains(r.Readers, p) {
				mark = "yes"
			}
			line += fmt.Sprintf("  %-*s", utf8.RuneCountInString(cli.CleanName(r.Env)), mark)
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	_, err := fmt.Fprintln(a.Stdout, strings.Join(lines, "\n"))
	return err
}

func printLists(a *cli.App, people []string, rows []keyRow) error {
	for _, p := range people {
		files := ""
		n := 0
		for _, r := range rows {
			if slices.Contains(r.Readers, p) {
				files += "  " + cli.CleanName(r.Env) + "\n"
				n++
			}
		}
		if _, err := fmt.Fprintf(a.Stdout, "%s: %s\n%s", cli.CleanName(p), cli.Count(n, "file", "files"), files); err != nil {
			return err
		}
	}
	return nil
}

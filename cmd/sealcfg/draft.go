package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/editing"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/spf13/cobra"
)

func newDraftCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "draft",
		Short: "List, print and remove the drafts of edit",
		Long: `A draft holds an edited text that could not be written. It is encrypted for you
alone and stored in your state directory. To continue it, run: sealcfg edit --resume ENV`,
		Example: `  sealcfg draft list
  sealcfg draft drop prod`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDraftListCmd(a), newDraftShowCmd(a), newDraftDropCmd(a))
	return cmd
}

// draftRow is one line of draft list.
type draftRow struct {
	File  string `json:"file"` // path of the file that it is a draft of
	Saved string `json:"saved"`
	Draft string `json:"draft"` // path of the draft

	of string // absolute path of the file
}

// drafts lists the user's drafts by file, and the drafts of a file in their order.
func drafts(a *cli.App) []draftRow {
	rows := []draftRow{}
	for _, place := range a.StateDirs(editing.DraftsDir) {
		for _, dir := range place.Dirs() {
			entries, _ := os.ReadDir(dir) // without drafts, there is no directory
			for _, e := range entries {
				path := filepath.Join(dir, e.Name())
				row, err := readDraftRow(path)
				if errors.Is(err, errNoDraft) {
					continue
				}
				if err != nil {
					a.Warn("read the draft %s: %v", path, err)
					continue
				}
				rows = append(rows, row)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b draftRow) int { return strings.Compare(a.of, b.of) })
	return rows
}

var errNoDraft = errors.New("not a draft")

// readDraftRow reads the unencrypted fields of a draft.
func readDraftRow(path string) (draftRow, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return draftRow{}, err
	}
	s, err := envfile.ParseSealed(envfile.YAML, src)
	if err != nil {
		return draftRow{}, err
	}
	of := s.Roots()[0].Get(editing.DraftOf)
	if of == nil {
		return draftRow{}, errNoDraft
	}
	return draftRow{File: cli.Shown(of.Text), Saved: s.Metadata().LastModified, Draft: path, of: of.Text}, nil
}

// draftsOf lists the drafts of the file that an argument names.
func draftsOf(a *cli.App, arg string) (*cli.Target, []draftRow, error) {
	t, err := a.Target(arg)
	if err != nil { // the project may be gone, and its drafts are not
		if t, err = a.FileTarget(arg); err != nil {
			return nil, nil, err
		}
	}
	rows := slices.DeleteFunc(drafts(a), func(r draftRow) bool { return r.of != t.Path })
	if len(rows) == 0 {
		return nil, nil, cli.WithHint(fmt.Errorf("%s: there is no draft of this file", t.Shown), "list the drafts: sealcfg draft list")
	}
	return t, rows, nil
}

func newDraftListCmd(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the drafts of all your projects",
		Long: `List prints one line per draft: the file, and when the draft was saved. It needs
no key.`,
		Example: `  sealcfg draft list
  sealcfg draft list --json`,
		Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			editing.WarnForeignDrafts(a)
			rows := drafts(a)
			if a.JSON {
				return a.PrintJSON(map[string][]draftRow{"drafts": rows})
			}
			if len(rows) == 0 {
				a.Say("no drafts")
			}
			for _, r := range rows {
				if _, err := fmt.Fprintf(a.Stdout, "%s  %s\n", r.Saved, cli.CleanName(r.File)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func newDraftShowCmd(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:               "show ENV",
		Short:             "Print the last draft of a file",
		Example:           `  sealcfg draft show prod`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: completeDraft(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, rows, err := draftsOf(a, args[0])
			if err != nil {
				return err
			}
			path := rows[len(rows)-1].Draft
			d, err := editing.ReadDraft(cmd.Context(), a, t, path)
			if err != nil {
				return fmt.Errorf("read the draft %s: %w", path, err)
			}
			return a.Answer(d.Text)
		},
	}
}

func newDraftDropCmd(a *cli.App) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "drop ENV",
		Short: "Remove the drafts of a file",
		Long: `Drop removes all drafts of a file after a confirmation. Without a terminal, it
requires --yes. It needs no key.`,
		Example: `  sealcfg draft drop prod
  sealcfg draft drop prod --yes`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: completeDraft(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			return dropDrafts(cmd.Context(), a, args[0], yes)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func dropDrafts(ctx context.Context, a *cli.App, arg string, yes bool) error {
	t, rows, err := draftsOf(a, arg)
	if err != nil {
		return err
	}
	many := cli.Count(len(rows), "draft", "drafts")
	switch {
	case !yes && !a.Interactive():
		return cli.WithHint(cli.Usagef("draft drop requires a confirmation, and there is no terminal"), "to remove %s of %s, add --yes", many, t.Shown)
	case !yes:
		if yes, err = a.Ask(ctx, fmt.Sprintf("remove %s of %s?", many, t.Shown)); err != nil {
			return err
		}
		if !yes {
			return errors.New("no draft removed")
		}
	}
	for _, r := range rows {
		if err := os.Remove(r.Draft); err != nil {
			return err
		}
	}
	a.Say("removed %s of %s", many, t.Shown)
	if a.JSON {
		return a.PrintJSON(map[string][]draftRow{"removed": rows})
	}
	return nil
}

// completeDraft completes the files that have drafts.
func completeDraft(a *cli.App) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || a.EnterDir() != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, r := range drafts(a) {
			name := r.File
			for _, env := range envNames(a) {
				if t, err := a.Target(env); err == nil && t.Path == r.of {
					name = env
				}
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

package main

import (
	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/editing"
	"github.com/spf13/cobra"
)

type editOptions struct {
	app    *cli.App
	env    string
	resume bool
	take   string

	recipients []string
	keepRules  bool
}

func newEditCmd(a *cli.App) *cobra.Command {
	o := &editOptions{app: a}
	cmd := &cobra.Command{
		Use:         "edit ENV",
		Annotations: map[string]string{cli.HandlesSignals: "the editor gets Ctrl-C, and the plaintext is removed before the end"},
		Short:       "Change an environment in your editor",
		Long: `Edit opens the plaintext in $SOPS_EDITOR, $VISUAL or $EDITOR (default: vi or nano)
and encrypts the text that you save. YAML, JSON, dotenv, INI and TOML are encrypted
by field, other files as a whole. Values that you do not change keep their
ciphertext. If the environment does not exist, edit creates it, provided that
.sops.yaml has a creation rule for it. Without a .sops.yaml, -r or
$SOPS_AGE_RECIPIENTS sets the recipients.

The plaintext is stored on a memory file system, if there is one, in a directory
that only you can enter, and is always removed. If the file cannot be written, your
text is kept as an encrypted draft; sealcfg edit --resume ENV continues it.
sealcfg draft lists, prints and removes drafts.

If another process writes the file while you edit it, or before you resume a draft,
edit merges the changes field by field. A field that both sides changed differently
is a conflict: the file and your draft stay unchanged. To resolve the conflict, add
--take draft or --take file. To keep a draft unchanged, quit the editor without
saving.`,
		Example: `  sealcfg edit prod
  EDITOR='code --wait' sealcfg edit prod
  sealcfg edit --resume prod
  sealcfg edit --resume prod --take draft`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: completeEnv(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = args[0]
			return runEdit(cmd, o)
		},
	}
	cli.KeepRulesFlag(cmd, &o.keepRules)
	cmd.Flags().BoolVar(&o.resume, "resume", false, "continue the draft of an earlier edit that could not be written")
	cmd.Flags().StringVar(&o.take, "take", "", "with --resume: the `SIDE` that counts for fields in conflict: draft or file")
	_ = cmd.RegisterFlagCompletionFunc("take", cobra.FixedCompletions([]string{"draft", "file"}, cobra.ShellCompDirectiveNoFileComp))
	cli.AddRecipientFlag(cmd, &o.recipients)
	return cmd
}

func runEdit(cmd *cobra.Command, o *editOptions) error {
	t, err := o.app.Target(o.env)
	if err != nil {
		return err
	}
	if t.Env.Exists && len(o.recipients) > 0 {
		return cli.WithHint(cli.Usagef("-r is for a new file, and %s exists", t.Shown), "to change its recipients, change .sops.yaml, then run: sealcfg rekey %s", t.Name)
	}
	if !t.Env.Exists {
		named, err := o.app.NamedRecipients(o.recipients)
		if err != nil {
			return err
		}
		t.FindRule = named.FindRule(t)
	}
	t.KeepRules = o.keepRules
	prefer, err := o.side()
	if err != nil {
		return err
	}
	_, err = editing.Edit(cmd.Context(), o.app, t, o.resume, prefer)
	return err
}

// side returns the side that --take names.
func (o *editOptions) side() (editing.Side, error) {
	switch {
	case o.take == "":
		return editing.Neither, nil
	case !o.resume:
		return editing.Neither, cli.Usagef("--take goes with --resume")
	case o.take == "draft":
		return editing.Mine, nil
	case o.take == "file":
		return editing.Theirs, nil
	}
	return editing.Neither, cli.Usagef("unknown side %q: expected draft or file", o.take)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/spf13/cobra"
)

type encryptOptions struct {
	app      *cli.App
	file     string
	output   string
	filename string
	yes      bool

	recipients []string
}

func newEncryptCmd(a *cli.App) *cobra.Command {
	o := &encryptOptions{app: a}
	cmd := &cobra.Command{
		Use:   "encrypt FILE",
		Short: "Encrypt a plaintext file",
		Long: `Encrypt encrypts a plaintext file in place, for the recipients in .sops.yaml for its
path. With -o, the plaintext file stays, and the path of the new file decides about
its creation rule. If git has seen the plaintext, it stays in the history.

FILE may be - for stdin: the encrypted file is then written to stdout or to -o, and
--filename sets its path. -o - also writes to stdout.

If FILE is encrypted and someone added unencrypted values by hand, encrypt lists the
values, prompts, and encrypts them. The rest of the file must authenticate.

In place, encrypt refuses to lock you out: you must be a recipient in .sops.yaml.

Without a .sops.yaml for the file, -r or $SOPS_AGE_RECIPIENTS sets the recipients. With
a .sops.yaml, a recipient that the creation rule does not name is rejected.`,
		Example: `  sealcfg encrypt environments/prod.yaml
  sealcfg encrypt plain.yaml -o environments/prod.yaml
  generate | sealcfg encrypt - -o environments/prod.yaml
  sealcfg encrypt -r age1... secrets.yaml`,
		Args:              exactly(1, "one FILE"),
		ValidArgsFunction: completeEnv(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.file = cli.StdinArgument(args[0]); o.file != cli.Stdio && cli.IsStream(o.file) {
				return cli.WithHint(cli.Usagef("%s is not a file that can be encrypted in place", o.file), "read it from stdin: sealcfg encrypt - --filename PATH < %s", cli.ShellWord(o.file))
			}
			return runEncrypt(cmd, o)
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE`, which must not exist, instead of in place; - is stdout")
	cmd.Flags().StringVar(&o.filename, "filename", "", "with -: the `PATH` of the file, such as environments/prod.yaml")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask before values in an encrypted file are encrypted")
	cli.AddRecipientFlag(cmd, &o.recipients)
	return cmd
}

func runEncrypt(cmd *cobra.Command, o *encryptOptions) error {
	a := o.app
	from, err := o.source()
	if err != nil {
		return err
	}
	src, err := from.Bytes(cmd.Context())
	if err != nil {
		return err
	}
	from.See(src)
	if o.file != cli.Stdio && o.output == "" {
		if done, err := encryptAdded(cmd.Context(), a, from, src, o.yes); done || err != nil {
			return err
		}
	}
	to, err := o.destination(from)
	if err != nil {
		return err
	}
	d, err := plaintext(cmd.Context(), from, src)
	if err != nil {
		return err
	}
	named, err := a.NamedRecipients(o.recipients)
	if err != nil {
		return err
	}
	to.FindRule = named.FindRule(to)
	policy, rule, err := to.Rule()
	if err != nil {
		return err
	}
	a.NoteGiven(to, rule)
	a.WarnOpaque(to, src)
	if err := a.WarnValues(from, d, rule.Rules); err != nil {
		return err
	}
	s, err := cli.SealNew(cmd.Context(), to, rule, d)
	if err != nil {
		return from.At(err)
	}
	a.WarnNoneSealed(from, d, s)
	if o.toStdout() {
		a.WarnTracked(cmd.Context(), from)
		_, err := a.Stdout.Write(s.Bytes())
		return err
	}
	opens := a.CanOpen(cmd.Context(), to, s)
	if to == from && opens != nil {
		return a.LockedOut(to, policy, s, opens, "to keep the plaintext file, add: -o FILE\n"+cli.AddYourself(rule))
	}
	opt := atomicfile.Options{IfUnchanged: src, InPlace: a.InPlace(cmd.Context(), to.Path, s.Bytes())}
	if to != from {
		opt = atomicfile.Options{NoClobber: true}
	}
	if err := cli.MarkDamaged(to.Path, atomicfile.Write(cmd.Context(), to.Path, s.Bytes(), opt)); err != nil {
		if errors.Is(err, atomicfile.ErrExists) {
			return cli.WithHint(err, "to change it, run: sealcfg edit %s", to.Name)
		}
		return err
	}
	a.Say("encrypted %s (%s) for %s", to.Shown, cli.Count(cli.SealedCount(s), "value", "values"), cli.DescribeRecipients(policy, s.Metadata()))
	a.WarnTracked(cmd.Context(), from)
	if by := envfile.SopsFormatOf(to.Path); by != to.Format && to.Format != envfile.TOML {
		a.Say("note: sops reads a file of this name as %s; call it with --input-type %[2]s --output-type %[2]s", by.Name(), to.Format.Name())
	}
	if opens != nil {
		a.Warn("%s", a.LockedOut(to, policy, s, opens, ""))
	}
	return nil
}

func (o *encryptOptions) toStdout() bool {
	return o.output == cli.Stdio || o.output == "" && o.file == cli.Stdio
}

// source returns the target of the plaintext file.
func (o *encryptOptions) source() (*cli.Target, error) {
	a := o.app
	switch {
	case o.file != cli.Stdio && o.filename != "":
		return nil, cli.Usagef("--filename requires - (stdin)")
	case o.file != cli.Stdio:
		return a.Existing(o.file)
	case o.filename != "":
		return a.Standard(o.filename)
	case o.toStdout():
		return nil, cli.Usagef("stdin has no path to match in .sops.yaml; add --filename PATH")
	}
	if to, err := a.Target(o.output); err == nil {
		return a.Standard(to.Path)
	}
	return a.Standard(o.output)
}

// destination returns the target of the encrypted file.
func (o *encryptOptions) destination(from *cli.Target) (to *cli.Target, err error) {
	a := o.app
	if o.output == "" || o.output == cli.Stdio {
		// A file on stdout has no location.
		from.Unplaced = o.toStdout() && o.filename == ""
		return from, nil
	}
	_, known := envfile.FormatOf(o.output)
	if to, err = a.Target(o.output); err != nil && !known && (from.Format == envfile.Binary || strings.ContainsAny(o.output, `./\`)) {
		to, err = a.FileTarget(o.output)
	}
	if err != nil {
		return nil, err
	}
	if _, known := envfile.FormatOf(to.Path); !known { // then the contents decide
		to.Format = from.Format
	}
	if from.Format != to.Format && (from.Format != envfile.JSON || to.Format != envfile.YAML) { // JSON is YAML
		err := cli.Usagef("%s is read as %s, but %s is for %s; encrypt does not convert", from.Shown, from.Format.Name(), to.Shown, to.Format.Name())
		return nil, cli.WithHint(err, "if its contents are %s, run: sealcfg encrypt --input-type %[1]s %s -o %s", to.Format.Name(), o.file, o.output)
	}
	return to, nil
}

// plaintext parses the text to encrypt. It rejects a file that is encrypted already, in
// any format.
func plaintext(ctx context.Context, t *cli.Target, src []byte) (*envfile.Document, error) {
	d, err := envfile.Parse(t.Format, src)
	in, encrypted := envfile.Detect(t.Path, src)
	switch {
	case errors.Is(err, envfile.ErrAlreadySealed):
		return nil, cli.WithHint(t.At(err), "to change it, run: sealcfg edit %[1]s\nto change its recipients, run: sealcfg rekey %[1]s", t.Name)
	case encrypted && err != nil && t.Detect: // it is broken
		return nil, t.At(err)
	case encrypted:
		err = fmt.Errorf("%w (%s)", envfile.ErrAlreadySealed, in.Name())
		return nil, cli.WithHint(t.At(err), "leave out --input-type; to change the file, run: sealcfg edit %s", t.Name)
	case err != nil:
		return nil, t.At(err)
	}
	if err := d.Once(); err != nil {
		return nil, cli.WithHint(t.At(err), "remove all of these lines but one, then run the command again")
	}
	if err := t.MissingMetadata(ctx, d); err != nil {
		return nil, err
	}
	if like, encrypted := envfile.Guess(src); t.Format == envfile.Binary && t.Detect && encrypted {
		err := fmt.Errorf("%s: it contains the metadata of an encrypted %s file, but cannot be read as one", t.Shown, like.Name())
		return nil, cli.WithHint(err, "if the file is broken, restore it: git log -p -- %[1]s\nif it is not an encrypted file, run: sealcfg encrypt --input-type binary %[1]s", t.Shown)
	}
	return d, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
)

type encryptOptions struct {
	app      *app
	file     string
	output   string
	filename string
	yes      bool

	recipients []string
}

func newEncryptCmd(a *app) *cobra.Command {
	o := &encryptOptions{app: a}
	cmd := &cobra.Command{
		Use:   "encrypt FILE",
		Short: "Seal a plain file",
		Long: `Encrypt seals a plain file in place, for the people whom .sops.yaml names for its
path. With -o the plain file stays, and the sealed one is governed by the path
that it is written to. What git has seen in plain text stays in its history.

FILE may be - for stdin: the sealed text then goes to stdout, or to -o, and
--filename says for which path it is. -o - writes to stdout, too.

If FILE is encrypted and someone added unencrypted values by hand, it names the
values, asks, and encrypts them. The rest of the file must authenticate.

In place it refuses to lock you out: .sops.yaml must name you for the file.

Where no .sops.yaml covers the file, -r and $SOPS_AGE_RECIPIENTS name the recipients.
Where one does, it decides: a recipient that it does not name is rejected.`,
		Example: `  sealcfg encrypt environments/prod.yaml
  sealcfg encrypt plain.yaml -o environments/prod.yaml
  generate | sealcfg encrypt - -o environments/prod.yaml
  sealcfg encrypt -r age1... secrets.yaml`,
		Args:              exactly(1, "one FILE"),
		ValidArgsFunction: completeEnv(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.file = stdinArgument(args[0]); o.file != stdio && isStream(o.file) {
				return withHint(usagef("%s is not a file that can be encrypted in place", o.file), "read it from stdin: sealcfg encrypt - --filename PATH < %s", shellWord(o.file))
			}
			return runEncrypt(cmd, o)
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE`, which must not exist, instead of in place; - is stdout")
	cmd.Flags().StringVar(&o.filename, "filename", "", "with -: the `PATH` where the file would lie, such as environments/prod.yaml")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask before values in an encrypted file are encrypted")
	addRecipientFlag(cmd, &o.recipients)
	return cmd
}

func runEncrypt(cmd *cobra.Command, o *encryptOptions) error {
	a := o.app
	from, err := o.source()
	if err != nil {
		return err
	}
	src, err := from.bytes(cmd.Context())
	if err != nil {
		return err
	}
	from.see(src)
	if o.file != stdio && o.output == "" {
		if done, err := a.encryptAdded(cmd.Context(), from, src, o.yes); done || err != nil {
			return err
		}
	}
	to, err := o.destination(from)
	if err != nil {
		return err
	}
	d, err := from.plaintext(cmd.Context(), src)
	if err != nil {
		return err
	}
	named, err := a.namedRecipients(o.recipients)
	if err != nil {
		return err
	}
	to.ruled = named.ruling(to)
	policy, rule, err := to.rule()
	if err != nil {
		return err
	}
	a.noteGiven(to, rule)
	a.warnOpaque(to, src)
	if err := a.warnTraps(from, d, rule.Rules); err != nil {
		return err
	}
	s, err := sealNew(cmd.Context(), to, rule, d)
	if err != nil {
		return from.at(err)
	}
	a.warnNoneSealed(from, d, s)
	if o.toStdout() {
		a.warnTracked(cmd.Context(), from)
		_, err := a.out.Write(s.Bytes())
		return err
	}
	opens := a.canOpen(cmd.Context(), to, s)
	if to == from && opens != nil {
		return a.lockedOut(to, policy, s, opens, "with -o the plain file stays; or "+addYourself(rule))
	}
	opt := atomicfile.Options{IfUnchanged: src, InPlace: a.inPlace(cmd.Context(), to.path, s.Bytes())}
	if to != from {
		opt = atomicfile.Options{NoClobber: true}
	}
	if err := written(to.path, atomicfile.Write(cmd.Context(), to.path, s.Bytes(), opt)); err != nil {
		if errors.Is(err, atomicfile.ErrExists) {
			return withHint(err, "remove it first, or change it with sealcfg edit %s", to.name)
		}
		return err
	}
	a.say("encrypted %s (%s) for %s", to.shown, countOf(sealedCount(s), "value", "values"), together(policy, s.Metadata()))
	a.warnTracked(cmd.Context(), from)
	if by := envfile.SopsFormatOf(to.path); by != to.format && to.format != envfile.TOML {
		a.say("note: sops reads a file of this name as %s; call it with --input-type %[2]s --output-type %[2]s", by.Name(), to.format.Name())
	}
	if opens != nil {
		a.warn("%s", a.lockedOut(to, policy, s, opens, ""))
	}
	return nil
}

func (o *encryptOptions) toStdout() bool {
	return o.output == stdio || o.output == "" && o.file == stdio
}

// source is the plaintext file.
func (o *encryptOptions) source() (*target, error) {
	a := o.app
	switch {
	case o.file != stdio && o.filename != "":
		return nil, usagef("--filename is for stdin: -")
	case o.file != stdio:
		return a.existing(o.file)
	case o.filename != "":
		return a.standard(o.filename)
	case o.toStdout():
		return nil, usagef("what comes from stdin has no path that .sops.yaml could have a rule for: give --filename")
	}
	if to, err := a.target(o.output); err == nil {
		return a.standard(to.path)
	}
	return a.standard(o.output)
}

// destination is what the plaintext file becomes.
func (o *encryptOptions) destination(from *target) (to *target, err error) {
	a := o.app
	if o.output == "" || o.output == stdio {
		// What goes to stdout is not for the path of the plain file.
		from.unplaced = o.toStdout() && o.filename == ""
		return from, nil
	}
	_, known := envfile.FormatOf(o.output)
	if to, err = a.target(o.output); err != nil && !known && (from.format == envfile.Binary || strings.ContainsAny(o.output, `./\`)) {
		to, err = a.fileTarget(o.output)
	}
	if err != nil {
		return nil, err
	}
	if _, known := envfile.FormatOf(to.path); !known { // then the contents decide
		to.format = from.format
	}
	if from.format != to.format && (from.format != envfile.JSON || to.format != envfile.YAML) { // JSON is YAML
		err := usagef("%s is read as %s, but %s is for %s; to seal is not to convert", from.shown, from.format.Name(), to.shown, to.format.Name())
		return nil, withHint(err, "if its contents are %s, run: sealcfg encrypt --input-type %[1]s %s -o %s", to.format.Name(), o.file, o.output)
	}
	return to, nil
}

// plaintext parses the text that is to be encrypted. It rejects a file that is
// encrypted already, in whatever format.
func (t *target) plaintext(ctx context.Context, src []byte) (*envfile.Document, error) {
	d, err := envfile.Parse(t.format, src)
	in, encrypted := envfile.Detect(t.path, src)
	switch {
	case errors.Is(err, envfile.ErrAlreadySealed):
		return nil, withHint(t.at(err), "to change it, run: sealcfg edit %[1]s\nto change who can read it, run: sealcfg rekey %[1]s", t.name)
	case encrypted && err != nil && t.detect: // it is broken
		return nil, t.at(err)
	case encrypted:
		err = fmt.Errorf("%w (%s)", envfile.ErrAlreadySealed, in.Name())
		return nil, withHint(t.at(err), "leave out --input-type; to change the file, run: sealcfg edit %s", t.name)
	case err != nil:
		return nil, t.at(err)
	}
	if err := d.Once(); err != nil {
		return nil, withHint(t.at(err), "remove all of these lines but one, then run the command again")
	}
	if err := t.lostBlock(ctx, d); err != nil {
		return nil, err
	}
	if like, encrypted := envfile.Guess(src); t.format == envfile.Binary && t.detect && encrypted {
		err := fmt.Errorf("%s: it contains the metadata of an encrypted %s file, but cannot be read as one", t.shown, like.Name())
		return nil, withHint(err, "if the file is broken, restore it: git log -p -- %[1]s\nif it is not an encrypted file, run: sealcfg encrypt --input-type binary %[1]s", t.shown)
	}
	return d, nil
}

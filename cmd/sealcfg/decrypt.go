package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
)

type decryptOptions struct {
	app      *app
	env      string
	output   string
	format   string
	extract  string
	document int
	filename string
}

func newDecryptCmd(a *app) *cobra.Command {
	o := &decryptOptions{app: a}
	cmd := &cobra.Command{
		Use:   "decrypt ENV",
		Short: "Print the plain text of an environment",
		Long: `Decrypt prints the plain text of a sealed file, after its MAC has been verified.
The text is the author's own, byte for byte. With --format the values are
written in another format: in dotenv, levels are joined by two underscores; INI
holds two levels, and the first is the section. Nothing is converted to TOML.

ENV may be - for stdin; --input-type or --filename then tells the format.

With -o the text goes to a file that only you can read. Mind where it lies: a
sealed file is never replaced by it, but git does not know that it is plain.`,
		Example: `  sealcfg decrypt prod
  sealcfg decrypt prod --format json | jq .db
  sealcfg decrypt prod --extract db.password
  sealcfg decrypt prod -o /run/app/settings.yaml
  git show HEAD~:environments/prod.yaml | sealcfg decrypt - --input-type yaml`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: completeEnv(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = stdinArgument(args[0])
			return runDecrypt(cmd, o)
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE` (mode 0600, atomically) instead of stdout")
	cmd.Flags().StringVar(&o.format, "format", "", "convert to `FORMAT`: "+strings.Join(printable, ", "))
	cmd.Flags().StringVar(&o.filename, "filename", "", "with -: the `PATH` where the file would lie, such as environments/prod.yaml")
	cmd.Flags().StringVar(&o.extract, "extract", "", "print only the value under `PATH`, such as db.hosts[0]")
	cmd.Flags().IntVar(&o.document, "document", 0, "with --extract or --format: the document `N` of a file with several, from 1")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(printable, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runDecrypt(cmd *cobra.Command, o *decryptOptions) error {
	a := o.app
	if o.env != stdio && o.filename != "" {
		return usagef("--filename is for stdin: -")
	}
	if o.document != 0 && o.extract == "" && o.format == "" {
		return usagef("--document requires --extract or --format")
	}
	if o.extract != "" {
		if _, err := parseField(o.extract); err != nil {
			return err
		}
	}
	if _, known := envfile.FormatNamed(o.format); o.format != "" && !known {
		return usagef("unknown format %q: want %s", o.format, joinOr(printable))
	}
	var t *target
	var err error
	if o.env == stdio {
		t, err = a.standard(o.filename)
	} else {
		t, err = a.existing(o.env)
	}
	if err != nil {
		return err
	}
	if o.output == "" || o.output == stdio {
		if err := a.notForGitToKeep(cmd.Context()); err != nil {
			return err
		}
	}
	s, err := t.read(cmd.Context())
	if err != nil {
		return err
	}
	if o.format != "" && o.format != t.format.Name() && !slices.Contains(printable, o.format) {
		return usagef("cannot convert %s to %s: expected --format %s", t.shown, o.format, joinOr(printable))
	}
	opened, err := a.openSealed(cmd.Context(), t, s)
	if err != nil {
		return err
	}
	text, err := o.text(t, opened)
	if err != nil {
		return err
	}
	if o.output == "" || o.output == stdio {
		return a.answer(text)
	}
	if err := refuseSealed(o.output); err != nil {
		return err
	}
	if err := atomicfile.Write(cmd.Context(), o.output, text, atomicfile.Options{Mode: 0o600, Private: true, InPlace: a.withoutCopy(o.output)}); err != nil {
		return err
	}
	a.warnWritten(cmd.Context(), o.output, "plaintext")
	return nil
}

// refuseSealed keeps plain text from taking the place of a sealed file, which is
// where git would find it.
func refuseSealed(path string) error {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // nothing there, or what cannot be written; to read a pipe would wait for ever
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil //nolint:nilerr // if it cannot be read, the write says why it cannot be written
	}
	if _, encrypted := envfile.Detect(path, src); !encrypted {
		return nil
	}
	return withHint(usagef("%s is a sealed file; plain text does not replace it", shown(path)), "name another file with -o, or use sealcfg edit to change it")
}

func (o *decryptOptions) text(t *target, opened *envfile.Opened) ([]byte, error) {
	roots := opened.Roots()
	if o.document != 0 {
		root, err := documentRoot(t, roots, o.document)
		if err != nil {
			return nil, err
		}
		if o.extract == "" {
			return o.convert(t, []*envfile.Node{root})
		}
	}
	if o.extract != "" {
		n, err := lookUp(t, roots, o.extract, max(1, o.document))
		if err != nil {
			return nil, err
		}
		switch {
		case o.format == "":
			text, err := printedValue(n)
			return text, t.at(err)
		case (o.format == "yaml" || o.format == "json") && n.Kind != envfile.Map: // YAML includes JSON
			text, err := jsonText(n)
			return text, t.at(err)
		case o.format != "json" && n.Kind != envfile.Map:
			return nil, usagef("%s is no map; %s wants names for its values", o.extract, o.format)
		}
		return o.convert(t, []*envfile.Node{n})
	}
	if o.format == "" || o.format == t.format.Name() && o.format != "json" {
		text, err := opened.Text()
		return text, t.at(err)
	}
	return o.convert(t, roots)
}

// convert writes values in a format that may not be their own.
func (o *decryptOptions) convert(t *target, roots []*envfile.Node) ([]byte, error) {
	if o.format != "yaml" && len(roots) > 1 {
		return nil, withHint(fmt.Errorf("%s holds %d documents, %s holds one", t.shown, len(roots), o.format), "choose one, such as: --document 2")
	}
	if n := repeated(roots[0]); n != nil {
		err := fmt.Errorf("%s:%d: %s occurs a second time, but %s holds it once", t.shown, n.KeyLine, envfile.Path{{Key: n.Key}}, o.format)
		return nil, withHint(err, "to keep one, run: sealcfg edit %s", t.name)
	}
	switch o.format {
	case "json":
		text, err := jsonText(roots[0])
		return text, t.at(err)
	case "dotenv":
		text, err := dotenvText(roots[0])
		return text, t.at(err)
	}
	f, _ := envfile.FormatNamed(o.format)
	text, err := envfile.Convert(f, roots, envfile.DefaultIndent)
	return text, t.at(err)
}

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/spf13/cobra"
)

type decryptOptions struct {
	app      *cli.App
	env      string
	output   string
	format   string
	extract  string
	document int
	filename string
}

func newDecryptCmd(a *cli.App) *cobra.Command {
	o := &decryptOptions{app: a}
	cmd := &cobra.Command{
		Use:   "decrypt ENV",
		Short: "Print the plaintext of an environment",
		Long: `Decrypt prints the plaintext of an encrypted file after it has verified the MAC.
The output is identical to the text that was encrypted. With --format, the values
are converted: for dotenv, levels are joined by two underscores; INI has two
levels, and the first is the section. Conversion to TOML is not supported.

ENV may be - for stdin; --input-type or --filename then sets the format.

With -o, the plaintext is written to a file that only you can read. It never
replaces an encrypted file, but git does not know that the file is plaintext.`,
		Example: `  sealcfg decrypt prod
  sealcfg decrypt prod --format json | jq .db
  sealcfg decrypt prod --extract db.password
  sealcfg decrypt prod -o /run/app/settings.yaml
  git show HEAD~:environments/prod.yaml | sealcfg decrypt - --input-type yaml`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: completeEnv(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = cli.StdinArgument(args[0])
			return runDecrypt(cmd, o)
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE` (mode 0600, atomically) instead of stdout")
	cmd.Flags().StringVar(&o.format, "format", "", "convert to `FORMAT`: "+strings.Join(cli.ConvertFormats, ", "))
	cmd.Flags().StringVar(&o.filename, "filename", "", "with -: the `PATH` of the file, such as environments/prod.yaml")
	cmd.Flags().StringVar(&o.extract, "extract", "", "print only the value under `PATH`, such as db.hosts[0]")
	cmd.Flags().IntVar(&o.document, "document", 0, "with --extract or --format: the document `N` of a file with several, from 1")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(cli.ConvertFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runDecrypt(cmd *cobra.Command, o *decryptOptions) error {
	a := o.app
	if o.env != cli.Stdio && o.filename != "" {
		return cli.Usagef("--filename requires - (stdin)")
	}
	if o.document != 0 && o.extract == "" && o.format == "" {
		return cli.Usagef("--document requires --extract or --format")
	}
	if o.extract != "" {
		if _, err := cli.ParseField(o.extract); err != nil {
			return err
		}
	}
	if _, known := envfile.FormatNamed(o.format); o.format != "" && !known {
		return cli.Usagef("unknown format %q: expected %s", o.format, cli.JoinOr(cli.ConvertFormats))
	}
	var t *cli.Target
	var err error
	if o.env == cli.Stdio {
		t, err = a.Standard(o.filename)
	} else {
		t, err = a.Existing(o.env)
	}
	if err != nil {
		return err
	}
	if o.output == "" || o.output == cli.Stdio {
		if err := a.RefuseCachedTextconv(cmd.Context()); err != nil {
			return err
		}
	}
	s, err := t.Read(cmd.Context())
	if err != nil {
		return err
	}
	if o.format != "" && o.format != t.Format.Name() && !slices.Contains(cli.ConvertFormats, o.format) {
		return cli.Usagef("cannot convert %s to %s: expected --format %s", t.Shown, o.format, cli.JoinOr(cli.ConvertFormats))
	}
	opened, err := a.OpenSealed(cmd.Context(), t, s)
	if err != nil {
		return err
	}
	text, err := o.text(t, opened)
	if err != nil {
		return err
	}
	if o.output == "" || o.output == cli.Stdio {
		return a.Answer(text)
	}
	if err := refuseSealed(o.output); err != nil {
		return err
	}
	if err := atomicfile.Write(cmd.Context(), o.output, text, atomicfile.Options{Mode: 0o600, Private: true, InPlace: a.WithoutCopy(o.output)}); err != nil {
		return err
	}
	a.WarnWritten(cmd.Context(), o.output, "plaintext")
	return nil
}

// refuseSealed returns an error if path is an encrypted file. If plaintext replaced it,
// git would track the plaintext.
func refuseSealed(path string) error {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // no file, or no regular file: reading a pipe would never end
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil //nolint:nilerr // the write reports the error
	}
	if _, encrypted := envfile.Detect(path, src); !encrypted {
		return nil
	}
	return cli.WithHint(cli.Usagef("%s is an encrypted file; plaintext does not replace it", cli.Shown(path)), "choose another file: -o FILE")
}

func (o *decryptOptions) text(t *cli.Target, opened *envfile.Opened) ([]byte, error) {
	roots := opened.Roots()
	if o.document != 0 {
		root, err := cli.DocumentRoot(t, roots, o.document)
		if err != nil {
			return nil, err
		}
		if o.extract == "" {
			return o.convert(t, []*envfile.Node{root})
		}
	}
	if o.extract != "" {
		n, err := cli.LookUp(t, roots, o.extract, max(1, o.document))
		if err != nil {
			return nil, err
		}
		switch {
		case o.format == "":
			text, err := cli.PrintedValue(n)
			return text, t.At(err)
		case (o.format == "yaml" || o.format == "json") && n.Kind != envfile.Map: // YAML includes JSON
			text, err := cli.JSONText(n)
			return text, t.At(err)
		case o.format != "json" && n.Kind != envfile.Map:
			return nil, cli.Usagef("%s is not a map; %s requires names for the values", o.extract, o.format)
		}
		return o.convert(t, []*envfile.Node{n})
	}
	if o.format == "" || o.format == t.Format.Name() && o.format != "json" {
		text, err := opened.Text()
		return text, t.At(err)
	}
	return o.convert(t, roots)
}

// convert writes values in the output format.
func (o *decryptOptions) convert(t *cli.Target, roots []*envfile.Node) ([]byte, error) {
	if o.format != "yaml" && len(roots) > 1 {
		return nil, cli.WithHint(fmt.Errorf("%s has %d documents, but a %s file has one", t.Shown, len(roots), o.format), "to choose one, add: --document 2")
	}
	if n := cli.Repeated(roots[0]); n != nil {
		err := fmt.Errorf("%s:%d: %s occurs twice, but %s allows it once", t.Shown, n.KeyLine, envfile.Path{{Key: n.Key}}, o.format)
		return nil, cli.WithHint(err, "to keep one, run: sealcfg edit %s", t.Name)
	}
	switch o.format {
	case "json":
		text, err := cli.JSONText(roots[0])
		return text, t.At(err)
	case "dotenv":
		text, err := cli.DotenvText(roots[0])
		return text, t.At(err)
	}
	f, _ := envfile.FormatNamed(o.format)
	text, err := envfile.Convert(f, roots, envfile.DefaultIndent)
	return text, t.At(err)
}

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
)

type decryptOptions struct {
	app     *app
	env     string
	output  string
	format  string
	extract string
}

func newDecryptCmd(a *app) *cobra.Command {
	o := &decryptOptions{app: a}
	cmd := &cobra.Command{
		Use:   "decrypt ENV",
		Short: "Print the plain text of an environment",
		Long: `Decrypt prints the plain text of a sealed file, after its MAC has been verified.
The text is the author's own, byte for byte. With --format the values are
written in another format; in dotenv, levels are joined by two underscores.

With -o the text goes to a file that only you can read. Mind where it lies: a
sealed file is never replaced by it, but git does not know that it is plain.`,
		Example: `  sealcfg decrypt prod
  sealcfg decrypt prod --format json | jq .db
  sealcfg decrypt prod --extract db.password
  sealcfg decrypt prod -o /run/app/settings.yaml`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: a.completeEnv,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = args[0]
			return runDecrypt(cmd, o)
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE` (mode 0600, atomically) instead of stdout")
	cmd.Flags().StringVar(&o.format, "format", "", "yaml, json or dotenv")
	cmd.Flags().StringVar(&o.extract, "extract", "", "print only the value under `PATH`, such as db.hosts[0]")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"yaml", "json", "dotenv"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runDecrypt(cmd *cobra.Command, o *decryptOptions) error {
	a := o.app
	switch o.format {
	case "", "yaml", "json", "dotenv":
	default:
		return usagef("unknown format %q: want yaml, json or dotenv", o.format)
	}
	t, err := a.existing(o.env)
	if err != nil {
		return err
	}
	opened, err := a.open(cmd.Context(), t)
	if err != nil {
		return err
	}
	text, err := o.text(t, opened)
	if err != nil {
		return err
	}
	if o.output == "" || o.output == "-" {
		_, err = a.out.Write(text)
		return err
	}
	if err := refuseSealed(o.output); err != nil {
		return err
	}
	return atomicfile.Write(o.output, text, atomicfile.Options{Mode: 0o600, Private: true})
}

// refuseSealed keeps plain text from taking the place of a sealed file, which is
// where git would find it.
func refuseSealed(path string) error {
	format, err := envfile.FormatOf(path)
	if err != nil {
		return nil //nolint:nilerr // no sealed file has such a name
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil //nolint:nilerr // if it cannot be read, the write says why it cannot be written
	}
	if _, err := envfile.ParseSealed(format, src); err != nil {
		return nil //nolint:nilerr // not a sealed file
	}
	return withHint(usagef("%s is a sealed file; plain text does not replace it", shown(path)), "name another file with -o, or use sealcfg edit to change it")
}

func (o *decryptOptions) text(t *target, opened *envfile.Opened) ([]byte, error) {
	roots := opened.Roots()
	if o.extract != "" {
		n, err := lookUp(t, roots, o.extract)
		if err != nil {
			return nil, err
		}
		switch {
		case o.format == "":
			return printedValue(n), nil
		case o.format == "yaml": // which JSON is, too
			return append(envfile.JSONText(n, "  "), '\n'), nil
		case o.format == "dotenv" && n.Kind != envfile.Map:
			return nil, usagef("%s is no map; dotenv wants names for its values", o.extract)
		}
		roots = []*envfile.Node{n}
	}
	switch o.format {
	case "json":
		if len(roots) > 1 {
			return nil, fmt.Errorf("%s holds %d documents, JSON holds one", t.shown, len(roots))
		}
		return append(envfile.JSONText(roots[0], "  "), '\n'), nil
	case "dotenv":
		if len(roots) > 1 {
			return nil, fmt.Errorf("%s holds %d documents, dotenv holds one", t.shown, len(roots))
		}
		return dotenvText(roots[0])
	}
	text, err := opened.Text()
	return text, t.at(err)
}

// lookUp finds the node under a path as people write it, in the first document.
func lookUp(t *target, roots []*envfile.Node, path string) (*envfile.Node, error) {
	p, err := envfile.ParsePath(path)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", path, err)}
	}
	if n := roots[0].At(p); n != nil {
		return n, nil
	}
	return nil, noField(t, roots, p)
}

func noField(t *target, roots []*envfile.Node, path envfile.Path) error {
	err := fmt.Errorf("%s: %s: %w", t.shown, path, envfile.ErrNoField)
	for _, later := range roots[1:] {
		if later.At(path) != nil {
			return withHint(err, "a path leads into the first document of the file, and this field is in a later one: use sealcfg edit %s", t.name)
		}
	}
	if guess := closestField(roots[0], path.String()); guess != "" {
		return withHint(err, "did you mean %s?", guess)
	}
	return withHint(err, "sealcfg view %s lists the fields", t.name)
}

// isUsage reports whether a path in an operation was wrong, not the file.
func isUsage(err error) bool { return errors.Is(err, envfile.ErrPath) }

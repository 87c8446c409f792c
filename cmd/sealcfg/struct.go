package main

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"io"
	"io/fs"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/spf13/cobra"
)

type structOptions struct {
	app      *cli.App
	env      string
	name     string
	document int
	pkg      string
	allPlain bool
}

func newStructCmd(a *cli.App) *cobra.Command {
	o := &structOptions{app: a}
	cmd := &cobra.Command{
		Use:   "struct ENV",
		Short: "Print a Go struct for the settings of an environment",
		Long: `Struct prints the Go type that sealcfg.Load fills from a file: its names, and the
types of its values. Neither is encrypted, so struct needs no key. For the name of
an environment, the fields of its base layer are included.

Strings with names of secrets (password, token, api_key, database_url and others)
become sealcfg.Secret[string], as do URLs and DSNs with an unencrypted password.
Review the result: a file stores durations and similar types as strings, and only
you know which fields are optional.`,
		Example: `  sealcfg struct prod > internal/config/settings.go
  sealcfg struct prod --name Config --package config`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: completeEnv(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = args[0]
			return runStruct(cmd, o)
		},
	}
	cmd.Flags().StringVar(&o.name, "name", "Settings", "the `NAME` of the type")
	cmd.Flags().StringVar(&o.pkg, "package", "config", "the `PACKAGE` clause; empty for none")
	cmd.Flags().IntVar(&o.document, "document", 0, "the document `N` of a file with several, from 1")
	cmd.Flags().BoolVar(&o.allPlain, "no-secrets", false, "use no sealcfg.Secret")
	return cmd
}

func runStruct(cmd *cobra.Command, o *structOptions) error {
	if !token.IsIdentifier(o.name) || o.pkg != "" && !token.IsIdentifier(o.pkg) {
		return cli.Usagef("--name and --package: expected Go identifiers")
	}
	a := o.app
	t, err := a.Existing(o.env)
	if err != nil {
		return err
	}
	var shape *goType
	for _, path := range sharedLayers(t) {
		root, err := publicRoot(cmd.Context(), a, path, o.document)
		if err != nil {
			return err
		}
		shape = shape.with(shapeOf(root))
	}
	text, err := structPrinter{name: o.name, pkg: o.pkg, from: t.Shown, secrets: !o.allPlain}.of(shape)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.PrintJSON(struct {
			Source string `json:"source"`
		}{text})
	}
	_, err = io.WriteString(a.Stdout, text)
	return err
}

// sharedLayers returns the layers of an environment except local ones, or the file itself
// if it is not an environment.
func sharedLayers(t *cli.Target) []string {
	var paths []string
	for _, l := range t.Env.Layers {
		paths = append(paths, l.Path)
		if l.Path == t.Path {
			return paths
		}
	}
	return []string{t.Path}
}

// publicRoot reads the names and types of a file, without a key. The file may be
// plaintext. document selects one of several documents; 0 means that none was selected.
func publicRoot(ctx context.Context, a *cli.App, path string, document int) (*envfile.Node, error) {
	src, err := cli.ReadFile(ctx, path)
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		return nil, fmt.Errorf("%s: read: %w", cli.Shown(path), err)
	}
	format, detect := a.FormatOf(path)
	if detect {
		format = envfile.FormatFor(path, src)
	}
	if format == envfile.Binary {
		return nil, fmt.Errorf("%s: a binary file has no settings", cli.Shown(path))
	}
	var roots []*envfile.Node
	sealed, err := envfile.ParseSealed(format, src)
	if err == nil {
		roots = sealed.Roots()
	} else if errors.Is(err, envfile.ErrNotSealed) {
		var plain *envfile.Document
		if plain, err = envfile.Parse(format, src); err == nil {
			roots = plain.Roots()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cli.Shown(path), err)
	}
	switch {
	case len(roots) == 1 && document <= 1:
		return roots[0], nil
	case document == 0:
		return nil, cli.WithHint(fmt.Errorf("%s: expected one document, the file has %d", cli.Shown(path), len(roots)), "to choose one, run: sealcfg struct %s --document 2", cli.ShellWord(cli.Shown(path)))
	case document < 0 || document > len(roots):
		return nil, cli.Usagef("--document %d: %s has %s", document, cli.Shown(path), cli.Count(len(roots), "document", "documents"))
	}
	return roots[document-1], nil
}

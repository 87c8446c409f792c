package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/spf13/cobra"
)

type viewOptions struct {
	app    *cli.App
	env    string
	reveal bool
}

func newViewCmd(a *cli.App) *cobra.Command {
	o := &viewOptions{app: a}
	cmd := &cobra.Command{
		Use:   "view ENV",
		Short: "List fields and recipients",
		Long: `View lists the fields of an encrypted file, one per line: name, type, length in bytes,
and the value, masked if it is encrypted. None of this requires a key, so view does
not verify the MAC. With --reveal, it decrypts the file and shows all values.`,
		Example: `  sealcfg view prod
  sealcfg view prod --reveal
  sealcfg view prod --json | jq '.fields[].path'`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: completeEnv(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = args[0]
			return runView(cmd, o)
		},
	}
	cmd.Flags().BoolVar(&o.reveal, "reveal", false, "show the values")
	return cmd
}

func runView(cmd *cobra.Command, o *viewOptions) error {
	a := o.app
	t, err := a.Existing(o.env)
	if err != nil {
		return err
	}
	s, err := t.Read(cmd.Context())
	if err != nil {
		return err
	}
	roots := s.Roots()
	if must, err := a.MustBeBound(t); err != nil {
		return err
	} else if must && !o.reveal && !s.Metadata().HasBinding() {
		a.Warn("%s has no binding, which %s requires: commands that decrypt it reject it", t.Shown, environments.ConfigName)
	} else {
		a.WarnUnbound(t, s.Metadata())
	}
	if o.reveal {
		if err := a.RefuseCachedTextconv(cmd.Context()); err != nil {
			return err
		}
		opened, err := a.OpenSealed(cmd.Context(), t, s)
		if err != nil {
			return err
		}
		roots = opened.Roots()
	} else {
		a.WarnRepeats(t, s.Format(), s.Repeats())
	}
	policy, _, _ := t.Rule() // for names only; a broken policy has no names
	fields := cli.FieldInfos(roots, o.reveal)
	people := cli.FileReaders(policy, s.Metadata())
	layers := layersOf(cmd.Context(), a, t)
	if a.JSON {
		for i := range fields {
			if v := fields[i].Value; v != nil && !utf8.ValidString(*v) {
				fields[i].Value, fields[i].Base64 = nil, base64.StdEncoding.EncodeToString([]byte(*v))
			}
		}
		return a.PrintJSON(struct {
			File         string          `json:"file"`
			LastModified string          `json:"last_modified"`
			Rules        string          `json:"rules"`
			Readers      []cli.Reader    `json:"readers"`
			Fields       []cli.FieldInfo `json:"fields"`
			Layers       []layerReport   `json:"layers,omitempty"`
		}{t.Shown, s.Metadata().LastModified, s.Metadata().Rules.String(), people, fields, layers})
	}
	who := cli.CleanName(cli.JoinNames(cli.RecipientNames(policy, s.Metadata())))
	fmt.Fprintf(a.Stdout, "%s, readable by %s%s\n", cli.CleanName(t.Shown), who, cli.Quorum(s.Metadata()))
	fmt.Fprintf(a.Stdout, "last changed %s, %s\n\n", cli.CleanName(s.Metadata().LastModified), cli.CleanName(s.Metadata().Rules.String()))
	if err := printFields(a, fields); err != nil {
		return err
	}
	return printLayers(a, layers, t)
}

// printLayers prints the layers of the environment, without the fields of the file itself,
// which are printed already.
func printLayers(a *cli.App, layers []layerReport, t *cli.Target) error {
	if len(layers) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(a.Stdout, "\nlayers, weakest first:"); err != nil {
		return err
	}
	for _, l := range layers {
		if l.path == t.Path {
			l.Adds = nil
		}
		if _, err := fmt.Fprintln(a.Stdout, "  "+cli.CleanName(l.String())); err != nil {
			return err
		}
	}
	return nil
}

const mask = "********"

func printFields(a *cli.App, fields []cli.FieldInfo) error {
	width := 0
	for _, f := range fields {
		width = max(width, utf8.RuneCountInString(cli.CleanName(f.String())))
	}
	for _, f := range fields {
		value := mask
		if f.Value != nil {
			value = cli.OneLine(*f.Value)
		}
		name := cli.CleanName(f.String())
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(name))
		_, err := fmt.Fprintf(a.Stdout, "%s%s  %-5s  %6d  %s\n", name, pad, f.Type, f.Length, value)
		if err != nil {
			return err
		}
	}
	return nil
}

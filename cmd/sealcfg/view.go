package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/environments"
)

type viewOptions struct {
	app    *app
	env    string
	reveal bool
}

func newViewCmd(a *app) *cobra.Command {
	o := &viewOptions{app: a}
	cmd := &cobra.Command{
		Use:   "view ENV",
		Short: "Show names, types and lengths, and who can read the file",
		Long: `View lists the fields of a sealed file, a line each: name, type, length in bytes,
and the value, masked where it is sealed. It needs no key, since all of that is
public, and so it checks no MAC either. With --reveal it opens the file and shows the values.`,
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
	t, err := a.existing(o.env)
	if err != nil {
		return err
	}
	s, err := t.read(cmd.Context())
	if err != nil {
		return err
	}
	roots := s.Roots()
	if must, err := a.mustBeBound(t); err != nil {
		return err
	} else if must && !o.reveal && !s.Metadata().HasBinding() {
		a.warn("%s has no binding, which %s requires: commands that decrypt it reject it", t.shown, environments.ConfigName)
	} else {
		a.warnUnbound(t, s.Metadata())
	}
	if o.reveal {
		if err := a.notForGitToKeep(cmd.Context()); err != nil {
			return err
		}
		opened, err := a.openSealed(cmd.Context(), t, s)
		if err != nil {
			return err
		}
		roots = opened.Roots()
	} else {
		a.warnRepeats(t, s.Format(), s.Repeats())
	}
	policy, _, _ := t.rule() // names only; a broken policy has none
	fields := viewFields(roots, o.reveal)
	people := viewReaders(policy, s.Metadata())
	layers := a.layersOf(cmd.Context(), t)
	if a.json {
		for i := range fields {
			if v := fields[i].Value; v != nil && !utf8.ValidString(*v) {
				fields[i].Value, fields[i].Base64 = nil, base64.StdEncoding.EncodeToString([]byte(*v))
			}
		}
		return a.printJSON(struct {
			File         string        `json:"file"`
			LastModified string        `json:"last_modified"`
			Rules        string        `json:"rules"`
			Readers      []viewReader  `json:"readers"`
			Fields       []viewField   `json:"fields"`
			Layers       []layerReport `json:"layers,omitempty"`
		}{t.shown, s.Metadata().LastModified, s.Metadata().Rules.String(), people, fields, layers})
	}
	who := cleanName(joinNames(readers(policy, s.Metadata())))
	fmt.Fprintf(a.out, "%s, readable by %s%s\n", cleanName(t.shown), who, quorum(s.Metadata()))
	fmt.Fprintf(a.out, "last changed %s, %s\n\n", cleanName(s.Metadata().LastModified), cleanName(s.Metadata().Rules.String()))
	if err := printFields(a, fields); err != nil {
		return err
	}
	return printLayers(a, layers, t)
}

// printLayers prints the layers of the environment. The file that is shown has its
// fields above.
func printLayers(a *app, layers []layerReport, t *target) error {
	if len(layers) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(a.out, "\nlayers, weakest first:"); err != nil {
		return err
	}
	for _, l := range layers {
		if l.path == t.path {
			l.Adds = nil
		}
		if _, err := fmt.Fprintln(a.out, "  "+cleanName(l.String())); err != nil {
			return err
		}
	}
	return nil
}

const mask = "********"

func printFields(a *app, fields []viewField) error {
	width := 0
	for _, f := range fields {
		width = max(width, utf8.RuneCountInString(cleanName(f.String())))
	}
	for _, f := range fields {
		value := mask
		if f.Value != nil {
			value = oneLine(*f.Value)
		}
		name := cleanName(f.String())
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(name))
		_, err := fmt.Fprintf(a.out, "%s%s  %-5s  %6d  %s\n", name, pad, f.Type, f.Length, value)
		if err != nil {
			return err
		}
	}
	return nil
}

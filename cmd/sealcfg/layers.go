package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
)

// A layerReport describes the effect of one layer. It contains names only.
type layerReport struct {
	File      string   `json:"file"`
	Local     bool     `json:"local,omitempty"`
	Overrides []string `json:"overrides"` // fields of weaker layers
	Adds      []string `json:"adds"`      // fields that no weaker layer has
	Unread    bool     `json:"unread,omitempty"`

	path string
}

// layersOf returns the layers of the environment of a target, weakest first, or nil if it
// has only one. It needs no key.
func layersOf(ctx context.Context, a *cli.App, t *cli.Target) []layerReport {
	if len(t.Env.Layers) < 2 {
		return nil
	}
	var reports []layerReport
	var weaker []*envfile.Node
	for _, l := range t.Env.Layers {
		r := layerReport{File: cli.Shown(l.Path), Local: l.Local(), Overrides: []string{}, Adds: []string{}, path: l.Path}
		root, err := layerRoot(ctx, a, l)
		if err != nil {
			r.Unread = true
		} else {
			r.compare(nil, weaker, root)
			weaker = append(weaker, root)
		}
		reports = append(reports, r)
	}
	return reports
}

// layerRoot parses a layer. A local one may be plaintext.
func layerRoot(ctx context.Context, a *cli.App, l environments.Layer) (*envfile.Node, error) {
	t := a.NewTarget(environments.Environment{Name: l.Name, Path: l.Path, Exists: true})
	src, err := t.Bytes(ctx)
	if err != nil {
		return nil, err
	}
	s, err := envfile.ParseSealed(t.Format, src)
	if err == nil {
		return s.Roots()[0], nil
	}
	if !errors.Is(err, envfile.ErrNotSealed) {
		return nil, err
	}
	roots, err := envfile.Values(t.Format, src)
	if err != nil {
		return nil, err
	}
	return roots[0], nil
}

// compare adds the fields below n to Overrides if a weaker layer has them, and to Adds
// otherwise. Maps merge; lists and single values are replaced.
func (r *layerReport) compare(at envfile.Path, weaker []*envfile.Node, n *envfile.Node) {
	maps := 0
	for _, w := range weaker {
		if w.Kind == envfile.Map {
			maps++
		}
	}
	if n.Kind == envfile.Map && maps == len(weaker) && (n.Len() > 0 || len(at) == 0) {
		for e := range n.Entries() {
			var below []*envfile.Node
			for _, w := range weaker {
				if same := w.Get(e.Key); same != nil {
					below = append(below, same)
				}
			}
			r.compare(append(at, envfile.Step{Key: e.Key}), below, e)
		}
		return
	}
	if len(weaker) > 0 {
		r.Overrides = append(r.Overrides, at.String())
	} else {
		r.Adds = append(r.Adds, at.String())
	}
}

// String describes the layer in one line.
func (r *layerReport) String() string {
	const most = 10
	var parts []string
	if len(r.Overrides) > 0 {
		parts = append(parts, "overrides "+strings.Join(r.Overrides, ", "))
	}
	if adds := r.Adds; len(adds) > most {
		parts = append(parts, fmt.Sprintf("adds %s and %d more", strings.Join(adds[:most], ", "), len(adds)-most))
	} else if len(adds) > 0 {
		parts = append(parts, "adds "+strings.Join(adds, ", "))
	}
	if r.Unread {
		parts = append(parts, "cannot be read")
	}
	if r.Local {
		parts = append(parts, "only for programs that use WithLocal()")
	}
	text := r.File
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, "; ")
	}
	return text
}

// noteLayers is for commands that print a single field. It names the layers of the
// environment, and the layers that override the field or a part of it.
func noteLayers(ctx context.Context, a *cli.App, t *cli.Target, field string) {
	reports := layersOf(ctx, a, t)
	if len(reports) == 0 {
		return
	}
	var parts []string
	for _, r := range reports {
		text := r.File
		if slices.ContainsFunc(r.Overrides, func(p string) bool { return overlap(p, field) }) {
			text += " (overrides " + field + ")"
		}
		parts = append(parts, text)
	}
	a.Say("note: %s has these layers, weakest first: %s; the value is from %s", t.Name, cli.CleanName(strings.Join(parts, ", ")), t.Shown)
}

// overlap reports whether two paths are equal, or one is below the other.
func overlap(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, ok := strings.CutPrefix(b, a)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

package environments

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/closest"
)

// reader turns nodes into Go values. It collects problems instead of stopping
// at the first, so that a broken policy is mended in one go.
type reader struct {
	path string
	errs []error
	told map[string]bool // problems under an anchor are met again for each alias

	// recipients holds, for each node that was read as recipients, how many it names.
	recipients map[*envfile.Node]int
	members    []*Member
	indents    map[string]int // of stores, by name
}

func newReader(path string) *reader {
	return &reader{path: path, told: map[string]bool{}, recipients: map[*envfile.Node]int{}, indents: map[string]int{}}
}

func (r *reader) err() error { return errors.Join(r.errs...) }

func (r *reader) fail(n *envfile.Node, format string, args ...any) {
	r.failAt(n.Line, n.Column, format, args...)
}

func (r *reader) failKey(n *envfile.Node, format string, args ...any) {
	if n.KeyLine == 0 {
		r.fail(n, format, args...)
		return
	}
	r.failAt(n.KeyLine, n.KeyColumn, format, args...)
}

func (r *reader) failAt(line, column int, format string, args ...any) {
	e := &PolicyError{Path: r.path, Line: line, Column: column, Reason: fmt.Sprintf(format, args...)}
	if text := e.Error(); !r.told[text] {
		r.told[text] = true
		r.errs = append(r.errs, e)
	}
}

// fields returns the entries of a map by key, merge keys resolved and empty
// entries left out. Keys that are not known are problems.
func (r *reader) fields(n *envfile.Node, what string, known []string) map[string]*envfile.Node {
	return r.knownFields(n, what, known).byKey
}

// knownFields is fields with the entries that are empty.
func (r *reader) knownFields(n *envfile.Node, what string, known []string) fieldSet {
	fields := r.merged(n, what)
	for _, f := range fields.order {
		if !slices.Contains(known, f.Key) {
			r.unknownKey(f, what, known)
		}
	}
	return fields
}

func (r *reader) unknownKey(f *envfile.Node, what string, known []string) {
	if guess, ok := closest.Of(f.Key, known); ok {
		r.failKey(f, "unknown key %q in %s; did you mean %q?", f.Key, what, guess)
		return
	}
	r.failKey(f, "unknown key %q in %s", f.Key, what)
}

// fieldSet is a map with its merge keys resolved.
type fieldSet struct {
	byKey map[string]*envfile.Node
	order []*envfile.Node
}

const mergeKey = "<<"

// merged resolves the merge keys of a map: its own entries win over merged ones,
// and earlier maps of a merge list over later ones.
func (r *reader) merged(n *envfile.Node, what string) fieldSet {
	set := fieldSet{byKey: map[string]*envfile.Node{}}
	r.merge(&set, n, what)
	return set
}

func (r *reader) merge(set *fieldSet, n *envfile.Node, what string) {
	if n.Kind != envfile.Map {
		r.fail(n, "%s must be a map, not %s", what, describe(n))
		return
	}
	var merges []*envfile.Node
	for e := range n.Entries() {
		if e.Key == mergeKey {
			merges = append(merges, e)
			continue
		}
		if _, ok := set.byKey[e.Key]; ok {
			continue
		}
		if e.Kind != envfile.Null {
			set.byKey[e.Key] = e
		} else {
			set.byKey[e.Key] = nil // hides a merged entry, as in sops
		}
		set.order = append(set.order, e)
	}
	for _, m := range merges {
		if m.Kind != envfile.List {
			r.merge(set, m, "what is merged")
			continue
		}
		for e := range m.Entries() {
			r.merge(set, e, "what is merged")
		}
	}
}

// text reads a text; a node that is nil is the empty text.
func (r *reader) text(n *envfile.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind == envfile.Value && n.Type == crypto.Str {
		return n.Text
	}
	if n.Kind == envfile.Value {
		r.fail(n, "%s must be a text, not %s; put it in quotes", what, describe(n))
	} else {
		r.fail(n, "%s must be a text, not %s", what, describe(n))
	}
	return ""
}

// boolean reads true and false, and the words of YAML 1.1 that sops takes for them.
func (r *reader) boolean(n *envfile.Node, what string) bool {
	if n == nil {
		return false
	}
	if n.Kind == envfile.Value && n.Type == crypto.Bool {
		return n.Text == crypto.FormatBool(true)
	}
	if n.Kind == envfile.Value && n.Type == crypto.Str {
		switch n.Text {
		case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
			return true
		case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
			return false
		}
	}
	r.fail(n, "%s must be true or false, not %s", what, describe(n))
	return false
}

func (r *reader) integer(n *envfile.Node, what string) int {
	if n == nil {
		return 0
	}
	if n.Kind == envfile.Value && n.Type == crypto.Int {
		if i, err := strconv.Atoi(n.Text); err == nil {
			return i
		}
	}
	r.fail(n, "%s must be an integer, not %s", what, describe(n))
	return 0
}

// list returns the entries of a list; a node that is nil is the empty list.
func (r *reader) list(n *envfile.Node, what string) []*envfile.Node {
	if n == nil {
		return nil
	}
	if n.Kind != envfile.List {
		r.fail(n, "%s must be a list, not %s", what, describe(n))
		return nil
	}
	var entries []*envfile.Node
	for e := range n.Entries() {
		entries = append(entries, e)
	}
	return entries
}

// A policy comes with a repository, and must not keep its reader busy.
const (
	maxPolicy = 4 << 20 // bytes, also of a sealcfg.yaml
	maxRegex  = 4096    // bytes, as in files
)

// fits refuses a text that is far larger than any that a person wrote.
func (r *reader) fits(src []byte) error {
	if len(src) <= maxPolicy {
		return nil
	}
	return &PolicyError{Path: r.path, Reason: fmt.Sprintf("larger than %d MB", maxPolicy>>20)}
}

// regex reads a regular expression; nil stands for one that is not set.
func (r *reader) regex(n *envfile.Node, what string) *regexp.Regexp {
	text := r.text(n, what)
	if text == "" {
		return nil
	}
	if len(text) > maxRegex {
		r.fail(n, "%s has more than %d bytes", what, maxRegex)
		return nil
	}
	re, err := regexp.Compile(text)
	if err == nil {
		return re
	}
	reason := "malformed"
	var broken *syntax.Error
	if errors.As(err, &broken) {
		reason = broken.Code.String()
	}
	r.fail(n, "%s does not compile: %s", what, reason)
	return nil
}

func describe(n *envfile.Node) string {
	switch n.Kind {
	case envfile.Map:
		return "a map"
	case envfile.List:
		return "a list"
	case envfile.Null:
		return "empty"
	}
	switch n.Type {
	case crypto.Int:
		return "an integer"
	case crypto.Float:
		return "a float"
	case crypto.Bool:
		return "a bool"
	case crypto.Time:
		return "a time"
	}
	return "a text"
}

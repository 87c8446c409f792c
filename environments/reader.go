package environments

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/closest"
)

// reader turns nodes into Go values. It collects problems instead of stopping
// at the first, so that a person can fix a broken policy in one go.
type reader struct {
	path     string
	lines    []string
	problems []*PolicyError // errors, of the rule that is being read
	warnings []*PolicyError // entries without effect

	// recipients holds, for each node that was read as recipients, how many it names.
	recipients map[*envfile.Node]int
	members    []*Member
	indents    map[string]int // of stores, by name
	regexes    int            // steps of all regular expressions
}

func newReader(path string) *reader {
	return &reader{path: path, recipients: map[*envfile.Node]int{}, indents: map[string]int{}}
}

func (r *reader) err() error { return joined(r.problems) }

// collect returns the errors that read reports.
func (r *reader) collect(read func()) []*PolicyError {
	before := r.problems
	r.problems = nil
	read()
	found := r.problems
	r.problems = before
	return found
}

// joined returns problems as one error. A problem under an anchor is found again for
// each alias, and reported once.
func joined(problems []*PolicyError) error {
	var errs []error
	for _, e := range distinctProblems(problems) {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// distinctProblems returns the problems in the order of the file, each once.
func distinctProblems(problems []*PolicyError) []*PolicyError {
	var kept []*PolicyError
	told := map[string]bool{}
	for _, e := range problems {
		if text := e.Error(); !told[text] {
			told[text] = true
			kept = append(kept, e)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool {
		a, b := kept[i], kept[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return kept
}

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
	r.problems = append(r.problems, &PolicyError{Path: r.path, Line: line, Column: column, Reason: fmt.Sprintf(format, args...)})
}

// warnKey is failKey for an entry that has no effect.
func (r *reader) warnKey(n *envfile.Node, format string, args ...any) {
	r.warnings = append(r.warnings, r.collect(func() { r.failKey(n, format, args...) })...)
}

// fields returns the entries of a map by key, with merge keys resolved and empty
// entries omitted. sops ignores unknown keys: they are warnings. Misspelled keys
// are errors, except misspellings of the keys in harmless.
func (r *reader) fields(n *envfile.Node, what string, known []string, harmless ...string) map[string]*envfile.Node {
	fields := r.merged(n, what)
	for _, f := range fields.order {
		if slices.Contains(known, f.Key) {
			continue
		}
		guess, ok := misspelled(f.Key, known)
		switch {
		case !ok:
			r.warnKey(f, "unknown key %q in %s is ignored", f.Key, what)
		case slices.Contains(harmless, guess):
			r.warnKey(f, "unknown key %q in %s is ignored; did you mean %q?", f.Key, what, guess)
		default:
			r.failKey(f, "unknown key %q in %s; did you mean %q?", f.Key, what, guess)
		}
	}
	return fields.byKey
}

// extensionPrefix begins the keys that people add for their own tools.
const extensionPrefix = "x-"

// misspelled returns the known key that a key is a misspelling of: it differs in case,
// in dashes for underscores, or in few characters.
func misspelled(key string, known []string) (string, bool) {
	if strings.HasPrefix(key, extensionPrefix) {
		return "", false
	}
	folded := strings.ReplaceAll(strings.ToLower(key), "-", "_")
	best, slips := "", min((len(folded)+1)/3, 3)+1
	for _, k := range known {
		if d := closest.Distance(folded, k); d < slips {
			best, slips = k, d
		}
	}
	return best, best != ""
}

// knownFields returns the entries of a map of a sealcfg.yaml. Unknown keys are errors.
func (r *reader) knownFields(n *envfile.Node, what string, known []string) fieldSet {
	fields := r.merged(n, what)
	for _, f := range fields.order {
		if slices.Contains(known, f.Key) {
			continue
		}
		if guess, ok := closest.Of(f.Key, known); ok {
			r.failKey(f, "unknown key %q in %s; did you mean %q?", f.Key, what, guess)
		} else {
			r.failKey(f, "unknown key %q in %s", f.Key, what)
		}
	}
	return fields
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
			r.merge(set, m, "a merged value")
			continue
		}
		for e := range m.Entries() {
			r.merge(set, e, "a merged value")
		}
	}
}

// text reads a string. A nil node is an empty string.
func (r *reader) text(n *envfile.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind == envfile.Value && n.Type == crypto.Str {
		return n.Text
	}
	if n.Kind == envfile.Value {
		r.fail(n, "%s must be a string, not %s; put it in quotes", what, describe(n))
	} else {
		r.fail(n, "%s must be a string, not %s", what, describe(n))
	}
	return ""
}

// boolean reads true and false, and the YAML 1.1 words that sops accepts for them.
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

// A policy is part of a repository, and must not occupy its reader for long.
const (
	maxPolicy = 4 << 20 // bytes, also of a sealcfg.yaml
	maxRegex  = 4096    // bytes, as in files

	// maxSteps limits all regular expressions of a policy together, with repetitions
	// such as a{1000} expanded.
	maxSteps = 150_000
)

// fits rejects a policy that is far larger than any written by hand.
func (r *reader) fits(src []byte) error {
	if len(src) <= maxPolicy {
		return nil
	}
	return &PolicyError{Path: r.path, Reason: fmt.Sprintf("larger than %d MB", maxPolicy>>20)}
}

// regex reads a regular expression and does not compile it: a policy can have many
// that no file needs. An unset field is "".
func (r *reader) regex(n *envfile.Node, what string) string {
	text := r.text(n, what)
	if text == "" {
		return ""
	}
	if len(text) > maxRegex {
		r.fail(n, "%s has more than %d bytes", what, maxRegex)
		return ""
	}
	tooLarge := func() string {
		r.fail(n, "%s is too large: the regular expressions of this file expand to more than %d steps", what, maxSteps)
		return ""
	}
	if r.regexes > maxSteps { // parsing takes memory as well
		return tooLarge()
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		reason := "malformed"
		var broken *syntax.Error
		if errors.As(err, &broken) {
			reason = broken.Code.String()
		}
		r.fail(n, "%s does not compile: %s", what, reason)
		return ""
	}
	if r.regexes += steps(parsed); r.regexes > maxSteps {
		return tooLarge()
	}
	return text
}

// steps estimates the size of a compiled regular expression, in instructions. A class
// such as \pL takes the memory of many: 16 is the number of bounds of ranges that take as
// much as one instruction.
func steps(re *syntax.Regexp) int {
	n := 1
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpCharClass:
		n += len(re.Rune) / 16
	}
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	if re.Op == syntax.OpRepeat {
		n = (n - 1) * max(1, re.Min, re.Max)
	}
	return min(n, maxSteps+1)
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
	return "a string"
}

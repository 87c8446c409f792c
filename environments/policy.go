package environments

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// A Policy is a .sops.yaml: it lists the recipients of each file, and selects the
// values to encrypt. It is immutable and safe for concurrent use.
type Policy struct {
	// Path is absolute. Rules see the paths of files relative to its directory.
	Path string
	// Ignored is the path of a .sops.yml that [FindPolicy] found on its way, or "".
	// sops ignores it as well.
	Ignored string

	rules      []*Rule
	recipients []PolicyRecipient
	names      map[string]string
	keys       []Member // all of them, those outside of rules too

	hasRules bool // creation_rules are there, if only as an empty list
	indents  map[string]int
	warnings []*PolicyError
}

// ParsePolicy reads a .sops.yaml. It makes path, the file's own path, absolute.
//
// It is lenient where sops is: unknown keys, a second document and destination
// rules have no effect, and [Policy.Warnings] returns them. A mistake in a creation
// rule is an error of [Policy.RuleFor] for the files of that rule, and a warning
// for others: a misspelled key, two selectors, a regular expression that does not
// compile, a value of the wrong type. The error of ParsePolicy joins a
// [*PolicyError] for each problem that concerns every file.
func ParsePolicy(path string, src []byte) (*Policy, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("locate policy: %w", err)
	}
	p := &Policy{Path: path, names: map[string]string{}}
	r := newReader(path)
	if err := r.fits(src); err != nil {
		return nil, err
	}
	if blank(src) {
		return p, nil
	}
	roots, err := envfile.ReadYAML(src)
	if err != nil {
		return nil, policySyntaxError(path, err)
	}
	r.lines = strings.Split(string(src), "\n")
	for _, root := range roots {
		r.secrets(root)
	}
	if err := r.err(); err != nil {
		return nil, err // before anything quotes one
	}
	p.rules = r.policy(roots[0])
	rulesNode := roots[0].Get("creation_rules")
	p.hasRules, p.indents = rulesNode != nil && rulesNode.Kind != envfile.Null, r.indents
	p.recipients, p.names, p.keys = nameMembers(roots[0], r)
	for _, m := range r.members {
		p.keys = append(p.keys, *m)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	for _, root := range roots[1:] {
		r.warnKey(root, "a second document is ignored")
	}
	p.warnings = r.warnings
	return p, nil
}

// Warnings returns the entries of the policy that have no effect, and the problems
// of creation rules other than rule, which may be nil.
func (p *Policy) Warnings(rule *Rule) []*PolicyError {
	warnings := slices.Clone(p.warnings)
	for _, r := range p.rules {
		if r != rule {
			warnings = append(warnings, r.problems...)
		}
	}
	return distinctProblems(warnings)
}

// blank reports whether a policy contains only comments. sops treats such a file
// like a missing one.
func blank(src []byte) bool {
	for line := range strings.Lines(strings.TrimPrefix(string(src), "\ufeff")) {
		line = strings.TrimSpace(line)
		if line != "" && line != "---" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

func policySyntaxError(path string, err error) error {
	e := &PolicyError{Path: path, Reason: err.Error(), err: err}
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) {
		e.Line, e.Column, e.Reason = syntax.Line, syntax.Column, syntax.Reason
	}
	return e
}

// secrets rejects identities: everyone who reads the repository can read them, and
// errors and tables quote recipients.
func (r *reader) secrets(root *envfile.Node) {
	for _, n := range root.Leaves() {
		for part := range strings.SplitSeq(n.Text, ",") {
			if keys.IsAgeSecret(strings.TrimSpace(part)) {
				r.fail(n, "private key in a policy: replace it with its recipient (age1… or ssh-…); if this file was shared, create a new identity")
			}
		}
	}
}

// policy reads the top level.
func (r *reader) policy(root *envfile.Node) []*Rule {
	f := r.merged(root, "a policy")
	for _, e := range f.order {
		switch guess := nearKey(e.Key, topKeys); {
		case guess == "" || guess == e.Key || strings.HasPrefix(e.Key, extensionPrefix): // people keep anchors under other keys
		case guess == "creation_rules":
			r.failKey(e, "unknown key %q; did you mean %q?", e.Key, guess)
		default:
			r.warnKey(e, "unknown key %q is ignored; did you mean %q?", e.Key, guess)
		}
	}
	var rules []*Rule
	for _, n := range r.list(f.byKey["creation_rules"], "creation_rules") {
		rules = append(rules, r.rule(n, "a creation rule"))
	}
	for _, n := range r.list(f.byKey["destination_rules"], "destination_rules") {
		r.destination(n)
	}
	if n := f.byKey["stores"]; n != nil {
		r.stores(n)
		for _, rule := range rules {
			rule.MetadataIndent, rule.BinaryIndent = r.indents["yaml"], r.indents["json_binary"]
		}
	}
	return rules
}

// maxSlips is the distance at which a top-level key still counts as a misspelled one.
const maxSlips = 2

// RuleFor returns the first creation rule that matches a file, which need not
// exist. A path that is not absolute is relative to the working directory. If no
// rule matches, the error wraps [ErrNoRule]. If the rule is broken, the error joins
// a [*PolicyError] for each problem. For the policy that applies to the file, see
// [Finder.Rule].
func (p *Policy) RuleFor(path string) (*Rule, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("locate %s: %w", path, err)
	}
	if path, found, err := new(Finder).locate(abs); err != nil {
		return nil, err
	} else if found.policy != nil && found.policy.join(PolicyName) == p.Path {
		abs = path
	}
	return p.ruleFor(abs)
}

// ruleFor is RuleFor for an absolute path.
func (p *Policy) ruleFor(abs string) (*Rule, error) {
	// The prefix is cut as sops cuts it: a file that is not below the policy, and
	// every file if the policy is in the root directory, is matched by its absolute path.
	dir := filepath.Dir(p.Path) + string(filepath.Separator)
	name := filepath.ToSlash(strings.TrimPrefix(abs, dir))
	for _, r := range p.rules {
		if r.matches(name) {
			if len(r.problems) > 0 {
				return nil, joined(r.problems)
			}
			return r, nil
		}
	}
	return nil, fmt.Errorf("%w %s in %s", ErrNoRule, name, p.Path)
}

// RuleForName is [Policy.RuleFor] for an absolute path that is only a name, such as
// /dev/stdin: it does not follow symbolic links.
func (p *Policy) RuleForName(path string) (*Rule, error) { return p.ruleFor(path) }

// HasRules reports whether the policy has creation_rules at all. One without
// is to sops as good as none.
func (p *Policy) HasRules() bool { return p.hasRules }

// Indent returns the policy's indentation for new text in a format
// (stores.yaml.indent, stores.json.indent), or [envfile.DefaultIndent].
func (p *Policy) Indent(f envfile.Format) int {
	if n, ok := p.indents[f.Name()]; ok {
		return n
	}
	return envfile.DefaultIndent
}

// NameOf returns the name of a recipient, or "" if the policy gives it no name.
// Recipients are spelled as in [Member], or as package keys names a stanza.
func (p *Policy) NameOf(recipient string) string { return p.names[nameKey(recipient)] }

// CountNamed counts the recipients that have a name. A person who adds their own
// recipient to a policy may use a name that is already in it.
func (p *Policy) CountNamed(name string) int {
	n := 0
	for _, person := range p.recipients {
		if person.Name == name {
			n++
		}
	}
	return n
}

// Recipients lists the recipients in the policy: in its rules, under keys:, and with an
// anchor elsewhere. It lists each once, in the order of the file.
func (p *Policy) Recipients() []PolicyRecipient { return slices.Clone(p.recipients) }

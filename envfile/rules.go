package envfile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// DefaultUnencryptedSuffix is the selector of a file without an explicit one.
const DefaultUnencryptedSuffix = "_unencrypted"

// Rules select the values of a file to encrypt. At most one of the six selectors is set; without
// one, the selector is unencrypted_suffix: _unencrypted. The names are the names in .sops.yaml.
// Rules are comparable.
type Rules struct {
	UnencryptedSuffix       string // unencrypted if a key on the path has this suffix
	EncryptedSuffix         string // encrypted only if a key on the path has this suffix
	UnencryptedRegex        string // unencrypted if a key on the path matches (RE2, unanchored)
	EncryptedRegex          string // encrypted only if a key on the path matches
	UnencryptedCommentRegex string // unencrypted if a comment above matches
	EncryptedCommentRegex   string // encrypted only if a comment above matches
	MACOnlyEncrypted        bool   // the MAC covers encrypted values only
}

// ErrSelector is returned when selectors are contradictory or malformed. sops treats a regular
// expression that does not compile as one that never matches, and so leaves every value
// unencrypted.
var ErrSelector = errors.New("bad selector")

// Validate returns an error for more than one selector, or a regular expression that does not
// compile.
func (r Rules) Validate() error {
	_, err := r.compile()
	return err
}

// selectors lists the selectors with their field names.
func (r *Rules) selectors() []selector {
	return []selector{
		{"encrypted_comment_regex", &r.EncryptedCommentRegex},
		{"encrypted_regex", &r.EncryptedRegex},
		{"encrypted_suffix", &r.EncryptedSuffix},
		{"unencrypted_comment_regex", &r.UnencryptedCommentRegex},
		{"unencrypted_regex", &r.UnencryptedRegex},
		{"unencrypted_suffix", &r.UnencryptedSuffix},
	}
}

type selector struct {
	name  string
	value *string
}

// Normal returns r with the default selector if no selector is set.
func (r Rules) Normal() Rules {
	for _, s := range r.selectors() {
		if *s.value != "" {
			return r
		}
	}
	r.UnencryptedSuffix = DefaultUnencryptedSuffix
	return r
}

// For returns the rules for files of a format. Selectors do not apply to a file that is encrypted
// as one value.
func (r Rules) For(f Format) Rules {
	if f.Properties().Whole {
		return Rules{}.Normal()
	}
	return r.Normal()
}

// String formats the rules for people: "unencrypted_suffix: _unencrypted".
func (r Rules) String() string {
	var parts []string
	for _, s := range r.selectors() {
		if *s.value != "" {
			parts = append(parts, s.name+": "+*s.value)
		}
	}
	if r.MACOnlyEncrypted {
		parts = append(parts, "mac_only_encrypted: true")
	}
	return strings.Join(parts, ", ")
}

// matcher is a compiled set of Rules.
type matcher struct {
	key             func(string) bool // reports whether a key matches; nil with a comment selector
	comment         func(string) bool // reports whether a comment matches; nil with a key selector
	keyEncrypts     bool              // a matching key is encrypted; otherwise unencrypted
	commentEncrypts bool
	macOnly         bool
	refuseAsEnc     bool // an encrypted comment must not match (unencrypted_comment_regex)
}

func (r Rules) compile() (*matcher, error) {
	var set []string
	for _, s := range r.selectors() {
		if *s.value != "" {
			set = append(set, s.name)
		}
	}
	if len(set) > 1 {
		return nil, fmt.Errorf("%w: %s cannot be combined", ErrSelector, strings.Join(set, " and "))
	}
	r = r.Normal()
	m := &matcher{macOnly: r.MACOnlyEncrypted}
	suffix := func(s string) func(string) bool {
		return func(key string) bool { return strings.HasSuffix(key, s) }
	}
	var expr string
	var field *func(string) bool
	switch {
	case r.UnencryptedSuffix != "":
		m.key = suffix(r.UnencryptedSuffix)
	case r.EncryptedSuffix != "":
		m.key, m.keyEncrypts = suffix(r.EncryptedSuffix), true
	case r.UnencryptedRegex != "":
		expr, field = r.UnencryptedRegex, &m.key
	case r.EncryptedRegex != "":
		expr, field, m.keyEncrypts = r.EncryptedRegex, &m.key, true
	case r.UnencryptedCommentRegex != "":
		expr, field, m.refuseAsEnc = r.UnencryptedCommentRegex, &m.comment, true
	case r.EncryptedCommentRegex != "":
		expr, field, m.commentEncrypts = r.EncryptedCommentRegex, &m.comment, true
	}
	if len(expr) > layout.MaxSelector {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrSelector, set[0], layout.MaxSelector)
	}
	if field != nil {
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, fmt.Errorf("%w: %s does not compile: %w", ErrSelector, r.Normal(), err)
		}
		*field = re.MatchString
	}
	return m, nil
}

// A visit is one value or comment in a walk.
type visit struct {
	node   *tree.Node
	keys   []string  // names of the maps above and of the value; valid during the call
	path   tree.Path // path of the value, or of the map or list that contains the comment; valid during the call
	sealed bool      // the rules encrypt it
}

func (v visit) aad() string { return crypto.AAD(v.keys) }

// walk visits every value and comment of the documents in the order of the MAC and reports which of
// them the rules encrypt. It follows shouldBeEncrypted, walkBranch and walkSlice of sops.go, with
// compiled selectors.
func (m *matcher) walk(roots []*tree.Node, fn func(visit) error) error {
	for _, root := range roots {
		w := walker{m: m, fn: fn}
		if err := w.entries(root, false, 0); err != nil {
			return err
		}
	}
	return nil
}

// selects returns the entries that the rules select for encryption, of any kind, including empty
// ones.
func (m *matcher) selects(roots []*tree.Node) map[*tree.Node]bool {
	selected := map[*tree.Node]bool{}
	w := walker{m: m, fn: func(visit) error { return nil }, visitEntry: func(n *tree.Node, sealed bool) {
		if sealed {
			selected[n] = true
		}
	}}
	for _, root := range roots {
		_ = w.entries(root, false, 0) // no error: fn has none
	}
	return selected
}

// commentSuffix ends the ciphertext of a comment. sops can write the comments of a list as items;
// these items have no index of their own.
const commentSuffix = ",type:comment]"

type walker struct {
	m          *matcher
	fn         func(visit) error
	visitEntry func(n *tree.Node, sealed bool) // called for each entry except comments, if set
	keys       []string
	path       tree.Path
}

// entries walks a map or a list. byKey reports whether a key above is selected. above counts the
// selecting comments that are active in the levels above.
func (w *walker) entries(n *tree.Node, byKey bool, above int) error {
	own := 0 // selecting comments directly before the next value
	index := 0
	for _, e := range n.Children {
		if e.Kind == tree.Comment {
			matches := w.m.comment != nil && w.m.comment(e.Text)
			before := above + own
			if matches {
				own++
			}
			// A comment that selects values to encrypt stays unencrypted. A comment that selects
			// Values to leave unencrypted is unencrypted as well.
			active := above + own
			if w.m.commentEncrypts {
				active = before
			}
			if err := w.visit(e, byKey, active); err != nil {
				return err
			}
			continue
		}
		selected := byKey
		if n.Kind == tree.Map {
			w.keys = append(w.keys, e.Key)
			w.path = append(w.path, tree.Step{Key: e.Key})
			selected = selected || w.m.key != nil && w.m.key(e.Key)
		} else {
			w.path = append(w.path, tree.Step{Index: index, IsIndex: true})
			if !strings.HasSuffix(e.Text, commentSuffix) {
				index++
			}
		}
		if w.visitEntry != nil {
			w.visitEntry(e, w.m.encrypts(selected, above+own))
		}
		var err error
		switch e.Kind {
		case tree.Map, tree.List:
			err = w.entries(e, selected, above+own)
		case tree.Value:
			err = w.visit(e, selected, above+own)
		}
		if err != nil {
			return err
		}
		if n.Kind == tree.Map {
			w.keys = w.keys[:len(w.keys)-1]
		}
		w.path = w.path[:len(w.path)-1]
		own = 0
	}
	return nil
}

func (w *walker) visit(n *tree.Node, byKey bool, active int) error {
	return w.fn(visit{node: n, keys: w.keys, path: w.path, sealed: w.m.encrypts(byKey, active)})
}

// encrypts reports whether a value is encrypted. byKey reports whether a key on its path is selected,
// and active counts the selecting comments.
func (m *matcher) encrypts(byKey bool, active int) bool {
	if m.comment != nil {
		return (active > 0) == m.commentEncrypts
	}
	return byKey == m.keyEncrypts
}

// A Field is a value of a file, with its position.
type Field struct {
	Document int // from 0
	Path     tree.Path
	Line     int
}

// Reselect compares the file with other rules. It returns the values that only the other rules
// would encrypt, and the values that only the file encrypts.
func (o *Opened) Reselect(r Rules) (encrypted, unencrypted []Field, err error) {
	rules, err := r.For(o.sealed.format).compile()
	if err != nil {
		return nil, nil, err
	}
	fields := fieldsOf(o.roots)
	err = rules.walk(o.roots, func(v visit) error {
		n := v.node
		switch {
		case n.Kind != tree.Value || n.Text == "":
		case v.sealed && !n.Sealed:
			encrypted = append(encrypted, fields[n])
		case !v.sealed && n.Sealed:
			unencrypted = append(unencrypted, fields[n])
		}
		return nil
	})
	return encrypted, unencrypted, err
}

// Exposed returns the values of a changed document that a policy encrypts but that [Opened.Reseal]
// would write unencrypted, because the rules of the file differ from the policy. added are values
// that the file does not have as a non-empty unencrypted value at the same path. changed
// are values that it has with another text or type.
func (o *Opened) Exposed(d *Document, policy Rules) (added, changed []Field, err error) {
	rules, err := policy.For(o.sealed.format).compile()
	if err != nil {
		return nil, nil, err
	}
	encrypts := map[*tree.Node]bool{}
	if err := rules.walk(d.p.Roots, func(v visit) error {
		encrypts[v.node] = v.sealed
		return nil
	}); err != nil {
		return nil, nil, err
	}
	type fieldKey struct {
		document int
		path     string
	}
	before := map[fieldKey]*tree.Node{}
	for n, f := range fieldsOf(o.roots) {
		before[fieldKey{f.Document, f.Path.String()}] = n
	}
	fields := fieldsOf(d.p.Roots)
	err = o.rules.walk(d.p.Roots, func(v visit) error {
		n := v.node
		if n.Kind != tree.Value || n.Text == "" || v.sealed || !encrypts[n] {
			return nil
		}
		f := fields[n]
		switch was := before[fieldKey{f.Document, f.Path.String()}]; {
		case was == nil, was.Kind != tree.Value, was.Text == "", was.Sealed:
			added = append(added, f)
		case was.Text != n.Text || was.Type != n.Type:
			changed = append(changed, f)
		}
		return nil
	})
	return added, changed, err
}

func fieldsOf(roots []*tree.Node) map[*tree.Node]Field {
	fields := map[*tree.Node]Field{}
	for i, root := range roots {
		for path, n := range root.Leaves() {
			fields[n] = Field{i, path.Clone(), n.Line}
		}
	}
	return fields
}

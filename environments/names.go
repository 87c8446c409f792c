package environments

import (
	"sort"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// A PolicyRecipient is a recipient in a policy: a person or a machine.
type PolicyRecipient struct {
	Name      string // "" if the policy gives none
	Recipient string
	Type      string // stanza type: age, pgp, kms ...
}

// naming collects the names of recipients. The name of a recipient is its anchor,
// wherever that is defined. Without an anchor, the comment after it is its name.
type naming struct {
	root    *envfile.Node
	anchors map[string]string
	remarks map[string]string
	found   []occurrence
	alone   []Member    // not in a creation rule
	perLine map[int]int // recipients on a line: a comment is a name only if the line has one recipient
}

// occurrence is a position at which a recipient is named.
type occurrence struct {
	recipient    PolicyRecipient
	line, column int
}

// nameKey returns the same key for all spellings of a recipient: gpg groups fingerprints
// with blanks.
func nameKey(recipient string) string { return strings.ReplaceAll(recipient, " ", "") }

// nameMembers finds the names in a policy and gives them to the members that r has
// read from it. It returns the recipients, the names by [nameKey], and the recipients
// outside creation rules.
func nameMembers(root *envfile.Node, r *reader) ([]PolicyRecipient, map[string]string, []Member) {
	g := &naming{root: root, anchors: map[string]string{}, remarks: map[string]string{}, perLine: map[int]int{}}
	g.count(root, r)
	g.collect(root, r, false)

	names := map[string]string{}
	for text, name := range g.remarks {
		names[text] = name
	}
	for text, name := range g.anchors {
		names[text] = name
	}
	for _, m := range r.members {
		g.name(m, names)
		g.found = append(g.found, occurrence{PolicyRecipient{m.Name, m.Recipient, m.Type}, m.Line, m.Column})
	}
	for i := range g.found {
		p := &g.found[i].recipient
		if p.Name == "" {
			p.Name = names[nameKey(p.Recipient)]
		}
	}
	return g.recipients(), names, g.alone
}

// name finds the name of a member: by its text, or by the text of the key alone
// if the member is a map with more fields.
func (g *naming) name(m *Member, names map[string]string) {
	texts := []string{m.Recipient}
	if m.Fields != nil {
		texts = append(texts, m.Fields[0].Value, keys.Name(&keys.Stanza{Type: m.Type, Fields: m.Fields}))
	}
	for _, text := range texts {
		if m.Name == "" {
			m.Name = names[nameKey(text)]
		}
	}
	if m.Name == "" {
		return
	}
	for _, i := range []int{0, len(texts) - 1} {
		if k := nameKey(texts[i]); names[k] == "" {
			names[k] = m.Name
		}
	}
}

func (g *naming) count(n *envfile.Node, r *reader) {
	for e := range n.Entries() {
		if e.Kind == envfile.Map || e.Kind == envfile.List {
			if e.Alias == "" {
				g.count(e, r)
			}
			continue
		}
		if parts := r.recipients[e]; parts > 0 {
			g.perLine[e.Line] += parts
		} else if _, ok := alone(e); ok {
			g.perLine[e.Line]++
		}
	}
}

// collect visits the nodes where they are written, not where aliases repeat them.
func (g *naming) collect(n *envfile.Node, r *reader, known bool) {
	for e := range n.Entries() {
		if e.Alias != "" {
			continue
		}
		if e.Kind == envfile.Map || e.Kind == envfile.List {
			g.collect(e, r, known || e.Key == "keys" && n == g.root)
			continue
		}
		if e.Kind != envfile.Value || e.Type != crypto.Str {
			continue
		}
		m, isAlone := alone(e)
		parts := r.recipients[e]
		if parts == 0 && !isAlone {
			continue
		}
		text := nameKey(e.Text)
		if isAlone {
			text = nameKey(m.Recipient)
		}
		if e.Anchor != "" && parts <= 1 && g.anchors[text] == "" {
			g.anchors[text] = e.Anchor
		}
		remark := e.Remark
		if remark == "" && n.Line == e.Line {
			remark = n.Remark // after the bracket of a list on one line
		}
		if remark != "" && g.perLine[e.Line] == 1 && g.remarks[text] == "" {
			g.remarks[text] = remark
		}
		if parts == 0 && (known || e.Anchor != "") {
			g.found = append(g.found, occurrence{PolicyRecipient{"", m.Recipient, m.Type}, e.Line, e.Column})
			g.alone = append(g.alone, m)
		}
	}
}

// alone reads a node as a recipient if it looks like one.
func alone(n *envfile.Node) (Member, bool) {
	if n.Kind != envfile.Value || n.Type != crypto.Str {
		return Member{}, false
	}
	return parseAlone(n.Text)
}

// recipients lists each recipient once, in the order of the file.
func (g *naming) recipients() []PolicyRecipient {
	sort.SliceStable(g.found, func(i, j int) bool {
		a, b := g.found[i], g.found[j]
		if a.line != b.line {
			return a.line < b.line
		}
		return a.column < b.column
	})
	type identity struct{ typ, recipient string }
	seen := map[identity]bool{}
	var recipients []PolicyRecipient
	for _, s := range g.found {
		id := identity{s.recipient.Type, s.recipient.Recipient}
		if !seen[id] {
			seen[id] = true
			recipients = append(recipients, s.recipient)
		}
	}
	return recipients
}

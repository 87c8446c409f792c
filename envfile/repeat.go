package envfile

import (
	"fmt"
	"strconv"
	"strings"
)

// A Repeat is a name that occurs more than once, which sops allows in dotenv, INI and JSON. In
// dotenv, the last value is effective, as in a shell and in sops exec-env. In INI and JSON, the
// first value is effective, as in sops decrypt --extract.
type Repeat struct {
	Name  string // "" if it may be a part of a value
	Lines []int
	Line  int // the line of the effective value
}

func (r Repeat) String() string {
	lines := make([]string, len(r.Lines))
	for i, n := range r.Lines {
		lines[i] = strconv.Itoa(n)
	}
	last := len(lines) - 1
	where := strings.Join(lines[:last], ", ") + " and " + lines[last]
	if r.Name == "" {
		return "the same name occurs on lines " + where
	}
	return fmt.Sprintf("%s occurs on lines %s", r.Name, where)
}

// Once returns a [*SyntaxError] if a name occurs more than once in the document. [Seal] accepts
// such a document because sops does, but programs read different values from it.
func (d *Document) Once() error {
	if len(d.p.repeats) == 0 {
		return nil
	}
	r := d.p.repeats[0]
	return &SyntaxError{Line: r.Lines[1], Reason: r.String() + ", but may occur once", Repeats: true}
}

// Repeats returns the names that occur more than once.
func (d *Document) Repeats() []Repeat { return d.p.repeats }

// Repeats returns the names that occur more than once.
func (s *Sealed) Repeats() []Repeat { return s.p.repeats }

// shadow marks the entries of a map that are not effective, and returns the names that occur more
// than once.
func shadow(m *Node, lastCounts bool) []Repeat { return shadowNamed(m, lastCounts, nil) }

// shadowNamed is shadow for a format in which a name may be a part of a value, as unnamed reports.
func shadowNamed(m *Node, lastCounts bool, unnamed func(n *Node) bool) []Repeat {
	var repeated []string
	count := make(map[string]int, len(m.entries))
	for e := range m.Entries() {
		if count[e.Key]++; count[e.Key] == 2 {
			repeated = append(repeated, e.Key)
		}
	}
	if repeated == nil {
		return nil
	}
	named := map[string][]*Node{}
	for e := range m.Entries() {
		if count[e.Key] > 1 {
			named[e.Key] = append(named[e.Key], e)
		}
	}
	var all []Repeat
	for _, name := range repeated {
		nodes := named[name]
		counts := nodes[0]
		if lastCounts {
			counts = nodes[len(nodes)-1]
		}
		r := Repeat{Name: Path{{Key: name}}.String(), Line: counts.KeyLine}
		for _, n := range nodes {
			n.Shadowed = n != counts
			r.Lines = append(r.Lines, n.KeyLine)
			if unnamed != nil && unnamed(n) {
				r.Name = ""
			}
		}
		all = append(all, r)
	}
	return all
}

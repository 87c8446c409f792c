package envfile

import (
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// A Trap is a value that YAML reads in another way than people expect. Its
// spelling cannot be carried by the format: opened, it comes back canonical.
type Trap struct {
	Path         string
	Line, Column int
	Reason       string // does not contain the value
}

// Traps lists the dangerous spellings among the values that the rules seal.
func (d *Document) Traps(r Rules) ([]Trap, error) {
	m, err := r.compile()
	if err != nil {
		return nil, err
	}
	reasons := map[*Node]string{}
	err = m.walk(d.p.roots, func(v visit) error {
		if reason := d.trap(v.node); v.sealed && reason != "" {
			reasons[v.node] = reason
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var traps []Trap
	for _, root := range d.p.roots {
		for path, n := range root.Leaves() {
			if reason := reasons[n]; reason != "" {
				traps = append(traps, Trap{path.String(), n.Line, n.Column, reason})
			}
		}
	}
	return traps, nil
}

// trap explains a plain scalar whose text is not what it means.
func (d *Document) trap(n *Node) string {
	if n.Kind != Value || n.Quoted || n.span.borrowed || n.span.end <= n.span.start {
		return ""
	}
	text := string(d.p.src[n.span.start:n.span.end])
	const advice = "; quote it if it is text"
	switch n.Type {
	case crypto.Int:
		digits := strings.TrimLeft(text, "+-")
		switch {
		case text == n.Text:
			return ""
		case len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "01234567_") == "":
			return "a number with a leading zero is read as octal" + advice
		case strings.HasPrefix(text, "+"):
			return "a number with a sign loses its plus" + advice
		case strings.Contains(text, "_"):
			return "underscores in a number are dropped" + advice
		}
		return "a number that is not decimal becomes decimal" + advice
	case crypto.Float:
		digits := strings.TrimLeft(text, "+-")
		switch {
		case len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9':
			return "a number with a leading zero loses it" + advice
		case strings.Trim(digits, "0123456789_") == "":
			return "an integer too large for 64 bits is read as a float and loses digits" + advice
		case strings.Contains(text, ".") && strings.HasSuffix(text, "0") && text != spellFloat(n.Text) && !strings.ContainsAny(text, "eE"):
			return "a number with zeros at its end loses them, as a version would" + advice
		}
	case crypto.Str:
		switch strings.ToLower(text) {
		case "yes", "no", "on", "off", "y", "n":
			return "is a string here, but older YAML readers take it for a boolean; write true or false, or quote it"
		}
	}
	return ""
}

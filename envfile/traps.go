package envfile

import (
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// A Trap is a value that is read in another way than people expect: a number in
// YAML or TOML whose spelling the format cannot carry, so that it comes back
// canonical, or what other tools than sops understand in dotenv.
type Trap struct {
	Path         string // "line 3" where the name may be a part of a value
	Line, Column int
	Reason       string // does not contain the value
}

// Traps lists the dangerous spellings: in YAML among the values that the rules
// seal, in dotenv everywhere.
func (d *Document) Traps(r Rules) ([]Trap, error) {
	m, err := r.compile()
	if err != nil {
		return nil, err
	}
	trap := func(visit) string { return "" }
	switch d.format {
	case YAML, TOML, JSON:
		trap = func(v visit) string {
			if !v.sealed {
				return ""
			}
			return d.trap(v.node)
		}
	case Dotenv:
		trap = func(v visit) string { return dotenvTrap(v.node) }
	}
	reasons := map[*Node]string{}
	err = m.walk(d.p.roots, func(v visit) error {
		if reason := trap(v); reason != "" {
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
				name := path.String()
				if n.span.spilt {
					name = "line " + strconv.Itoa(n.Line)
				}
				traps = append(traps, Trap{name, n.Line, n.Column, reason})
			}
		}
	}
	return traps, nil
}

// dotenvTrap explains what sops, and so this package, does not understand in a
// dotenv file: it takes everything around the first = as it stands.
func dotenvTrap(n *Node) string {
	if n.Kind != Value {
		return ""
	}
	value := strings.TrimSuffix(n.Text, "\r")
	switch {
	case n.span.misread:
		return severalLines
	case n.span.spilt:
		return "stands between the lines of a quoted value; sops takes what is left of the first = for a name"
	case strings.HasPrefix(n.Key, "export ") || strings.HasPrefix(n.Key, "export\t"):
		return `sops takes "export" for a part of the name: leave it out`
	case strings.TrimSpace(n.Key) != n.Key:
		return "sops takes the blanks for a part of the name: write NAME=value"
	case strings.TrimSpace(value) != value:
		return "sops takes the blanks for a part of the value: write NAME=value"
	case len(value) > 1 && strings.ContainsRune("\"'`", rune(value[0])) && value[0] == value[len(value)-1]:
		return "sops takes the quotes for a part of the value: leave them out"
	case strings.Contains(value, " #") || strings.Contains(value, "\t#"):
		return "sops takes the # and what follows for a part of the value: put the comment on a line of its own"
	case value != n.Text:
		return "sops takes the carriage return at the end of the line for a part of the value: end lines with a line feed"
	}
	return ""
}

// trap explains a plain scalar whose text is not what it means.
func (d *Document) trap(n *Node) string {
	switch t := d.p.layout.(type) {
	case *tomlText:
		return t.trap(n)
	case *jsonText:
		return t.trap(n)
	}
	if n.span.open {
		return "the text block ends the file without a line break, and readers disagree whether a line feed follows: it comes back as |-"
	}
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

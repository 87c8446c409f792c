package envfile

import (
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/internal/yaml"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// A Warning is a warning about a name or value that other programs may read differently than sops, or
// whose notation the format cannot keep.
type Warning struct {
	Path         string // "line 3" if the name may be a part of a value
	Line, Column int
	Reason       string // does not contain the value
}

// Warnings returns the warnings about the values of a document, in file order.
func (d *Document) Warnings(r Rules) ([]Warning, error) {
	m, err := r.compile()
	if err != nil {
		return nil, err
	}
	reasons := map[*tree.Node]string{}
	err = m.walk(d.p.Roots, func(v visit) error {
		if reason := d.p.Warn(v.node, v.sealed); reason != "" {
			reasons[v.node] = reason
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var warnings []Warning
	for _, root := range d.p.Roots {
		for path, n := range root.Leaves() {
			if reason := reasons[n]; reason != "" {
				name := path.String()
				if d.p.Unnamed(n) {
					name = "line " + strconv.Itoa(n.Line)
				}
				warnings = append(warnings, Warning{name, n.Line, n.Column, reason})
			}
		}
	}
	return warnings, nil
}

// ValueWarning returns a warning about a new value of a type, or "" if every reader reads the value
// that was typed. text is the value as a person typed it: 0640, 4e5.
func ValueWarning(f Format, typ crypto.Type, text string) string {
	if reason, ok := f.WarnNew(typ, text); ok {
		return reason
	}
	return warnNotation(typ, text)
}

// warnNotation returns a warning about a new number or time that is written in another notation.
func warnNotation(typ crypto.Type, text string) string {
	if typ != crypto.Int && typ != crypto.Float && typ != crypto.Time {
		return ""
	}
	text = strings.TrimSpace(text)
	if guess, _ := GuessType(text); guess == crypto.Int {
		typ = guess // 0640 is octal, even for a float
	}
	canonical, err := CanonicalText(typ, text)
	if err != nil || text == canonical || text == yaml.FormatScalar(typ, canonical, false) {
		return ""
	}
	return layout.NotationWarning(typ, text)
}

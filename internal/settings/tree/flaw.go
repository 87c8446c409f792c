package tree

import (
	"strings"
	"unicode"

	"github.com/sealcfg/sealcfg/source"
)

// A flawKind sorts flaws. The root package has the same texts as its Kind.
type flawKind string

const (
	KindMissing    flawKind = "missing"
	KindUnknown    flawKind = "unknown"
	KindType       flawKind = "type"
	KindFormat     flawKind = "format"
	KindRange      flawKind = "range"
	KindInvalid    flawKind = "invalid"
	KindDeprecated flawKind = "deprecated"
	KindKeySource  flawKind = "key source"
)

// A Flaw is what is wrong with a value, without its position.
type Flaw struct {
	Kind   flawKind
	Reason string // carries no value
	Got    string // what the value is, where that is the reason
	Hint   string
	Cause  *Hidden
}

// Problem returns the flaw as a problem with the setting under path.
func (f *Flaw) Problem(path string, at source.Origin) *Problem {
	return &Problem{Path: path, Kind: f.Kind, Origin: at, Reason: f.Reason, Hint: f.Hint, Cause: f.Cause}
}

// A Problem is a flaw of one setting. The root package makes a Problem of it.
type Problem struct {
	Path   string
	Kind   flawKind
	Origin source.Origin
	Reason string
	Hint   string
	Cause  *Hidden
}

// OneLine keeps a key or a reason with control characters from breaking the table. A byte
// order mark, which a dotenv file may have in its first name, becomes visible.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.ReplaceAll(s, "\uFEFF", `\ufeff`)
}

package tree

import (
	"strings"
	"unicode"

	"github.com/sealcfg/sealcfg/source"
)

// A flawKind classifies flaws. The root package's Kind has the same values.
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

// A Flaw describes a problem with a setting, without the setting's path and origin.
type Flaw struct {
	Kind   flawKind
	Reason string // never contains the value
	Got    string // the kind of value, if it is the reason: "a string"
	Hint   string
	Cause  *Hidden
}

// Problem returns f as a problem of the setting at path, with the origin at.
func (f *Flaw) Problem(path string, at source.Origin) *Problem {
	return &Problem{Path: path, Kind: f.Kind, Origin: at, Reason: f.Reason, Hint: f.Hint, Cause: f.Cause}
}

// A Problem is a flaw of one setting. The root package converts it to its own Problem.
type Problem struct {
	Path   string
	Kind   flawKind
	Origin source.Origin
	Reason string
	Hint   string
	Cause  *Hidden
}

// OneLine returns s with spaces instead of control characters, so that s stays on its line of a
// table. It makes byte order marks visible: a dotenv file may have one in its first name.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.ReplaceAll(s, "\uFEFF", `\ufeff`)
}

package envfile

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
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
	reasons := map[*Node]string{}
	err = m.walk(d.p.roots, func(v visit) error {
		if reason := d.p.warn(v.node, v.sealed); reason != "" {
			reasons[v.node] = reason
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var warnings []Warning
	for _, root := range d.p.roots {
		for path, n := range root.Leaves() {
			if reason := reasons[n]; reason != "" {
				name := path.String()
				if d.p.unnamed(n) {
					name = "line " + strconv.Itoa(n.Line)
				}
				warnings = append(warnings, Warning{name, n.Line, n.Column, reason})
			}
		}
	}
	return warnings, nil
}

const (
	returnWarning   = "contains a carriage return, which sops keeps but other programs drop or read as the end of the line; to keep it, use YAML or JSON"
	lineFeedWarning = `sops reads \n as a line feed, also in C:\new; to keep a backslash, use YAML or JSON`
	bytesWarning    = "is not UTF-8; sops keeps the bytes, but other programs may read other characters"
	quoteAdvice     = "; quote it if it is text"
)

// ValueWarning returns a warning about a new value of a type, or "" if every reader reads the value
// that was typed. text is the value as a person typed it: 0640, 4e5.
func ValueWarning(f Format, typ crypto.Type, text string) string {
	return f.warnNew(typ, text)
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
	if err != nil || text == canonical || text == formatScalar(typ, canonical, false) {
		return ""
	}
	return notationWarning(typ, text)
}

// notationWarning returns a warning about an unquoted value that is stored in another notation.
func notationWarning(typ crypto.Type, text string) string {
	switch typ {
	case crypto.Int:
		digits := strings.TrimLeft(text, "+-")
		if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "01234567_") == "" {
			return "a number with a leading zero is read as octal"
		}
		return numberWarning(text)
	case crypto.Float:
		digits := strings.TrimLeft(text, "+-")
		_, tooLarge := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
		switch {
		case len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9':
			return "a number with a leading zero loses it"
		case errors.Is(tooLarge, strconv.ErrRange):
			return "an integer too large for 64 bits is read as a float and loses digits"
		}
		return numberWarning(text)
	case crypto.Time:
		return "a date or time comes back in another notation, which may be another type to YAML readers"
	}
	return ""
}

// numberWarning returns a warning about a number that is written in another notation.
func numberWarning(text string) string {
	digits := strings.ToLower(strings.TrimLeft(text, "+-"))
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	switch {
	case strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0o") || strings.HasPrefix(digits, "0b"):
		return "a number that is not decimal becomes decimal"
	case strings.Contains(digits, "e"):
		return "a number with an exponent comes back in another notation"
	case err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) && !sameDecimal(strings.ReplaceAll(strings.TrimPrefix(text, "+"), "_", ""), crypto.FormatFloat(f)):
		return "the number has more digits than a 64-bit float, and the others are lost"
	case strings.HasPrefix(text, "+"):
		return "a number with a sign loses its plus"
	case strings.Contains(text, "_"):
		return "underscores in a number are dropped"
	case strings.Contains(text, ".") && strings.HasSuffix(text, "0"):
		return "a number with zeros at its end loses them, as a version would"
	}
	return "the number comes back in another notation"
}

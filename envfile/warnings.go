package envfile

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
)

// A Warning is a warning about a name or value that other programs may read differently than sops, or
// whose notation the format cannot keep.
type Warning struct {
	Path         string // "line 3" if the name may be a part of a value
	Line, Column int
	Reason       string // does not contain the value
}

// warner is a layout with warnings. why returns "" for a value without one.
type warner interface {
	why(n *Node, encrypted bool) string
}

// Warnings returns the warnings about the values of a document, in file order.
func (d *Document) Warnings(r Rules) ([]Warning, error) {
	m, err := r.compile()
	if err != nil {
		return nil, err
	}
	t, ok := d.p.layout.(warner)
	if !ok {
		return nil, nil
	}
	reasons := map[*Node]string{}
	err = m.walk(d.p.roots, func(v visit) error {
		if reason := t.why(v.node, v.sealed); reason != "" {
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
				if n.span.insideQuotes {
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

// why returns a warning about a dotenv line with syntax that sops does not support: sops takes
// everything before and after the first = literally.
func (t *dotenvText) why(n *Node, _ bool) string {
	if n.Kind != Value {
		return ""
	}
	switch {
	case n.span.sopsMisreads:
		return severalLines
	case n.span.insideQuotes:
		return "is between the lines of a quoted value; sops reads the text before the first = as a name"
	case strings.HasPrefix(n.Key, byteOrderMark):
		return "sops reads the byte order mark as a part of the name: remove it"
	case strings.HasPrefix(n.Key, "export ") || strings.HasPrefix(n.Key, "export\t"):
		return `sops reads "export" as a part of the name: remove it`
	case strings.TrimSpace(n.Key) != n.Key:
		return "sops reads the blanks as a part of the name: write NAME=value"
	case !utf8.ValidString(n.Key):
		return bytesWarning
	}
	return dotenvWarning(string(t.src[n.span.start:n.span.end]))
}

// dotenvWarning returns a warning about the text after the =.
func dotenvWarning(raw string) string {
	value := strings.TrimSuffix(raw, "\r")
	switch {
	case strings.TrimSpace(value) != value:
		return "sops reads the blanks as a part of the value: write NAME=value"
	case len(value) > 1 && strings.ContainsRune("\"'`", rune(value[0])) && value[0] == value[len(value)-1]:
		return "sops reads the quotes as a part of the value: remove them"
	case strings.Contains(value, `\n`) && !strings.Contains(value, "-----BEGIN "): // keys are often written so
		return lineFeedWarning
	case strings.Contains(value, " #") || strings.Contains(value, "\t#"):
		return "sops reads the # and the text after it as a part of the value: put the comment on a separate line"
	case strings.Contains(value, "\r"):
		return returnWarning
	case value != raw:
		return "sops reads the carriage return at the end of the line as a part of the value: end lines with a line feed"
	case !utf8.ValidString(value):
		return bytesWarning
	}
	return ""
}

func (t *iniText) why(n *Node, _ bool) string {
	switch {
	case n.Kind != Value:
		return ""
	case !utf8.ValidString(n.Key):
		return bytesWarning
	}
	return iniWarning(n.Text)
}

// iniWarning returns a warning about a value with quotes that only sops and sealcfg support, or
// that other INI readers cut.
func iniWarning(text string) string {
	switch {
	case strings.Contains(text, "\r"):
		return returnWarning
	case strings.Contains(text, "\n"):
		return `most INI readers cannot read a value of several lines in """; to keep the lines, use YAML or JSON`
	case !utf8.ValidString(text):
		return bytesWarning
	}
	return ""
}

// ValueWarning returns a warning about a new value of a type, or "" if every reader reads the value
// that was typed. text is the value as a person typed it: 0640, 4e5.
func ValueWarning(f Format, typ crypto.Type, text string) string {
	switch {
	case f == Dotenv:
		return dotenvWarning(strings.ReplaceAll(text, "\n", " "))
	case f == INI:
		return iniWarning(text)
	case typ != crypto.Int && typ != crypto.Float && typ != crypto.Time:
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

// why returns a warning about an unquoted value that decryption writes in another notation.
func (t *yamlTree) why(n *Node, encrypted bool) string {
	if encrypted && n.span.open {
		return "the text block ends the file without a line break, and readers disagree whether a line feed follows: decryption writes |-"
	}
	if !encrypted || n.Kind != Value || n.Quoted || n.span.borrowed || n.span.end <= n.span.start {
		return ""
	}
	text := string(t.src.src[n.span.start:n.span.end])
	if n.Type == crypto.Str {
		switch strings.ToLower(text) {
		case "yes", "no", "on", "off", "y", "n":
			return "is a string, but older YAML readers read it as a boolean; write true or false, or quote it"
		}
		return ""
	}
	edits, err := t.format(n, replacement{text: n.Text, typ: n.Type})
	if err == nil && len(edits) == 1 && edits[0].text == text {
		return ""
	}
	if reason := notationWarning(n.Type, text); reason != "" {
		return reason + quoteAdvice
	}
	return ""
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

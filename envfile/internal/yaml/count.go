package yaml

import (
	"bytes"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
)

// boundYAML rejects a file for which the parser would create too many nodes. The parser cannot be
// stopped, so boundYAML counts the nodes first. The count is too high only for files that are hard
// to read. It is too low only for "[a: b]", which has three nodes and counts as two, and for
// unquoted strings in brackets that have the form of a ciphertext.
func boundYAML(src []byte) error {
	most := layout.MostNodes(len(src))
	if len(src) <= most || separators(src) <= most {
		return nil
	}
	c := yamlCounter{left: most, sure: true, scalar: -1}
	if line := c.count(src); line > 0 {
		return layout.TooManyNodes(line, len(src))
	}
	return nil
}

// count returns the line on which the budget is exceeded, or 0.
func (c *yamlCounter) count(text []byte) (line int) {
	for l := range bytes.Lines(text) {
		line++
		if c.Line(bytes.TrimRight(l, "\r\n")); c.left < 0 {
			return line
		}
	}
	return 0
}

// separators counts the characters that come before every node except the first, in any context: a
// line break, a comma, a colon, a bracket, a dash.
func separators(text []byte) (n int) {
	for _, s := range [][]byte{
		{'\n'}, {','}, {':'}, {'['}, {'{'}, {'-', ' '}, {'-', '\t'}, {'?', ' '}, {'?', '\t'},
		[]byte("\u0085"), []byte("\u2028"), []byte("\u2029"), // also line breaks
	} {
		n += bytes.Count(text, s)
	}
	return n - inCiphertexts(text)
}

// shortestCiphertext is the length of the ciphertext of one byte, after SealedPrefix.
const shortestCiphertext = 95

// inCiphertext holds the characters between the brackets of a ciphertext: base64 and the names of
// its parts.
var inCiphertext = layout.SetOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=,:_")

// inCiphertexts counts the separators in ciphertexts. In brackets, ciphertexts are quoted.
func inCiphertexts(text []byte) (n int) {
	const each = len("[,:,:,:,:") // ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]
	for {
		i := bytes.Index(text, []byte(layout.SealedPrefix))
		if i < 0 {
			return n
		}
		text = text[i+len(layout.SealedPrefix):]
		end := 0
		for end < len(text) && inCiphertext[text[end]] {
			end++
		}
		if end >= shortestCiphertext && bytes.Count(text[:end], []byte(",")) == 3 && bytes.Count(text[:end], []byte(":")) == 4 {
			n += each
		}
	}
}

// yamlCounter counts the nodes line by line and skips characters that certainly belong to a scalar.
type yamlCounter struct {
	left   int
	sure   bool // no bracket or quote of an earlier line is open
	scalar int  // Lines with more indentation belong to a block scalar; -1 outside of one
	first  bool // the next line sets the indentation of the block scalar
}

func (c *yamlCounter) Line(text []byte) {
	rest := bytes.TrimLeft(text, " ")
	column := len(text) - len(rest)
	if len(rest) == 0 {
		return
	}
	if c.scalar >= 0 && column > c.scalar {
		if c.first {
			c.scalar, c.first = column-1, false
		}
		return
	}
	c.scalar = -1
	if !c.sure {
		c.left -= 1 + separators(rest)
		return
	}
	if rest[0] == '#' {
		c.left--
		return
	}
	parent, value := c.structure(rest, column)
	switch {
	case parent < 0:
		c.left -= 1 + separators(value)
		c.sure = !bytes.ContainsAny(value, `[{"'`)
	case len(value) == 0 || startsPlain[value[0]] || value[0] == '#':
		c.left--
	case isBlockHeader(value):
		c.left--
		c.scalar, c.first = parent, true
	case value[0] == '"' || value[0] == '\'':
		c.left--
		if !closesOnLine(value) {
			c.sure = false
			c.left -= separators(value)
		}
	default:
		c.left -= 1 + separators(value)
		c.sure = !bytes.ContainsAny(value, `[{"'|>`) || closesOnLine(value)
	}
}

// structure removes the dashes and the key from the start of a line. parent is the column of the
// last of them, or -1.
func (c *yamlCounter) structure(rest []byte, column int) (parent int, value []byte) {
	parent = -1
	skip := func(n int) {
		after := bytes.TrimLeft(rest[n:], " ")
		column += len(rest) - len(after)
		rest = after
		c.left--
	}
	for len(rest) > 1 && rest[0] == '-' && rest[1] == ' ' {
		parent = column
		skip(1)
	}
	end := 0
	for end < len(rest) && inPlainKey[rest[end]] {
		end++
	}
	if end > 0 && rest[0] != '-' && end < len(rest) && rest[end] == ':' && (end+1 == len(rest) || rest[end+1] == ' ') {
		parent = column
		skip(end + 1)
	}
	return parent, rest
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./"
	// A value that starts with one of these is plain: brackets and quotes in it have no special
	// meaning.
	plainStarts = letters + "$(<+~="
)

var inPlainKey, startsPlain = layout.SetOf(letters + "-"), layout.SetOf(plainStarts)

// isBlockHeader reports whether a value is the header of a block scalar.
func isBlockHeader(value []byte) bool {
	if value[0] != '|' && value[0] != '>' {
		return false
	}
	rest := bytes.TrimLeft(value[1:], "+-123456789")
	return len(value)-len(rest) <= 3 && (len(bytes.TrimSpace(rest)) == 0 || rest[0] == ' ' && bytes.TrimLeft(rest, " ")[0] == '#')
}

// closesOnLine reports whether a quote or bracket at the start of value is closed on the same line
// and does not affect the next one. In doubt it returns false.
func closesOnLine(value []byte) bool {
	depth, before := 0, byte(',') // before is the previous character that is not a blank
	for i := 0; i < len(value); i++ {
		switch ch := value[i]; ch {
		case ' ':
			continue
		case '"', '\'':
			if !bytes.ContainsRune([]byte(",:[{"), rune(before)) {
				return false
			}
			n := quotedLength(value[i:])
			if n < 0 {
				return false
			}
			i += n - 1
		case '#', '&', '!', '*', '|', '>', '?', '\t':
			return false
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		before = value[i]
		if depth == 0 {
			rest := bytes.TrimLeft(value[i+1:], " ")
			return len(rest) == 0 || rest[0] == '#' && len(rest) < len(value[i+1:])
		}
	}
	return false
}

// quotedLength returns the length of the quoted string at the start of s, or -1 if it is not
// closed.
func quotedLength(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[0] == '"' && s[i] == '\\':
			i++
		case s[i] != s[0]:
		case s[0] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return -1
}

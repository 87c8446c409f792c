package envfile

import "bytes"

// boundYAML refuses a text of which the parser would make too many nodes. It cannot
// be stopped on its way, so they are counted before: too many only in a text that is
// hard to read, and too few only for "[a: b]", which is three and counts as two, and
// for what is spelled like a ciphertext and stands in brackets without quotes.
func boundYAML(src []byte) error {
	most := mostNodes(len(src))
	if len(src) <= most || separators(src) <= most {
		return nil
	}
	c := yamlCounter{left: most, sure: true, scalar: -1}
	if line := c.count(src); line > 0 {
		return tooManyNodes(line, len(src))
	}
	return nil
}

// count returns the line on which nothing is left, 0 if it does not come to that.
func (c *yamlCounter) count(text []byte) (line int) {
	for l := range bytes.Lines(text) {
		line++
		if c.line(bytes.TrimRight(l, "\r\n")); c.left < 0 {
			return line
		}
	}
	return 0
}

// separators counts what stands before each node but the first, wherever it
// stands: a line break, a comma, a colon, a bracket, a dash.
func separators(text []byte) (n int) {
	for _, s := range [][]byte{
		{'\n'}, {','}, {':'}, {'['}, {'{'}, {'-', ' '}, {'-', '\t'}, {'?', ' '}, {'?', '\t'},
		[]byte("\u0085"), []byte("\u2028"), []byte("\u2029"), // line breaks, too
	} {
		n += bytes.Count(text, s)
	}
	return n - inCiphertexts(text)
}

// shortestCiphertext is the length of the ciphertext of one byte, after sealedPrefix.
const shortestCiphertext = 95

// inCiphertext holds the characters between the brackets of a ciphertext: base64 and the
// names of its parts.
var inCiphertext = setOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=,:_")

// inCiphertexts counts the separators in ciphertexts, which are quoted in brackets.
func inCiphertexts(text []byte) (n int) {
	const each = len("[,:,:,:,:") // ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]
	for {
		i := bytes.Index(text, []byte(sealedPrefix))
		if i < 0 {
			return n
		}
		text = text[i+len(sealedPrefix):]
		end := 0
		for end < len(text) && inCiphertext[text[end]] {
			end++
		}
		if end >= shortestCiphertext && bytes.Count(text[:end], []byte(",")) == 3 && bytes.Count(text[:end], []byte(":")) == 4 {
			n += each
		}
	}
}

// yamlCounter counts line by line and leaves out what is text for certain.
type yamlCounter struct {
	left   int
	sure   bool // no bracket or quote is open that was opened on an earlier line
	scalar int  // lines that are indented more are text of a block scalar; -1 outside of one
	first  bool // its first line says how much more
}

func (c *yamlCounter) line(text []byte) {
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

// structure takes the dashes and the key from the beginning of a line. parent is
// the column of the last of them, -1 without any.
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
	// A value that begins like this is plain: brackets and quotes in it mean nothing.
	plainStarts = letters + "$(<+~="
)

var inPlainKey, startsPlain = setOf(letters + "-"), setOf(plainStarts)

func setOf(chars string) (set [256]bool) {
	for i := range len(chars) {
		set[chars[i]] = true
	}
	return set
}

// isBlockHeader reports whether a value is the header of a block scalar.
func isBlockHeader(value []byte) bool {
	if value[0] != '|' && value[0] != '>' {
		return false
	}
	rest := bytes.TrimLeft(value[1:], "+-123456789")
	return len(value)-len(rest) <= 3 && (len(bytes.TrimSpace(rest)) == 0 || rest[0] == ' ' && bytes.TrimLeft(rest, " ")[0] == '#')
}

// closesOnLine reports whether what begins with a quote or a bracket ends on
// its line, so that the next line has nothing to do with it. In doubt it does not.
func closesOnLine(value []byte) bool {
	depth, before := 0, byte(',') // before is what stands before, without blanks
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

// quotedLength is the length of the quoted text that s begins with, -1 if it does not end.
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

package tree

import (
	"strconv"
	"unicode/utf8"
)

// appendQuoted appends a text as a JSON string, to the byte as encoding/json
// does. That package has no way to it but by its encoder, which is more code than
// all of the binder.
func appendQuoted(into []byte, text string) []byte {
	into = append(into, '"')
	for i, r := range text {
		switch {
		case r == '"' || r == '\\':
			into = append(into, '\\', byte(r))
		case r == '\b':
			into = append(into, `\b`...)
		case r == '\f':
			into = append(into, `\f`...)
		case r == '\n':
			into = append(into, `\n`...)
		case r == '\r':
			into = append(into, `\r`...)
		case r == '\t':
			into = append(into, `\t`...)
		case escaped(r) || r == utf8.RuneError && !isReplacement(text[i:]):
			hex := strconv.FormatInt(int64(r), 16)
			into = append(append(into, `\u0000`[:6-len(hex)]...), hex...)
		default:
			into = utf8.AppendRune(into, r)
		}
	}
	return append(into, '"')
}

// escaped says of characters without a short escape that they are escaped: control
// characters, and those that HTML and JavaScript would see something else in.
func escaped(r rune) bool {
	switch r {
	case '<', '>', '&', '\u2028', '\u2029':
		return true
	}
	return r < ' '
}

// isReplacement tells U+FFFD itself from a byte that is no UTF-8.
func isReplacement(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	return size > 1
}

package tree

import (
	"strconv"
	"unicode/utf8"
)

// appendQuoted appends text as a JSON string, byte for byte like encoding/json. That package offers
// this only through its encoder, which is more code than the whole binder.
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

// escaped reports whether r, which has no short escape, is escaped: a control character, or a
// character that is special in HTML or JavaScript.
func escaped(r rune) bool {
	switch r {
	case '<', '>', '&', '\u2028', '\u2029':
		return true
	}
	return r < ' '
}

// isReplacement reports whether text starts with U+FFFD itself, not with an invalid UTF-8 byte.
func isReplacement(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	return size > 1
}

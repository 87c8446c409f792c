package readers_test

import (
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
)

// attacks are edits that change the meaning for some reader if they are accepted.
var attacks = []string{
	// text after a ciphertext
	"x]", "\n  x]", "\n x]", " x]", "\n    x", "\n\n  x]", " x", "]", "\t]", "\\\n]", "#]", " #x]", "\nx]", "\r\n  x]", "\\u005D", "\\x5D", "x",
	// a forged mark
	"\"\\x45NC[0]\"", "\"\\x45NC[1]\"", "ENC[0]", "\"ENC[0]\"", "'ENC[0]'", "\\x45NC[0]", "\"\\u0045NC[", "ENC[", "ENC[AES256_GCM,",
	// tags
	"!!str ", "!!int ", "!!bool ", "!!float ", "!!null ", "!!binary ", "!!timestamp ", "!!set ", "!!omap ", "!!merge ", "! ", "!include ", "!Sub ",
	"!<tag:yaml.org,2002:str> ", "!!python/object/apply:os.system ", "!e!x ", "!%21 ",
	// directives and documents
	"%TAG ! tag:example.com,2026:\n---\n", "%TAG !! tag:example.com,2026:\n---\n", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "---\n", "...\n", "\n---\n",
	"--- ", "\n...\n",
	// anchors, aliases and merge keys
	"&x ", "&a1 ", "*a1", "*x", "<<: *a1\n", "<<: {x: y}\n", "&x", " &a1",
	// plain scalars that some reader does not parse as a string
	"no", "off: x\n", "no: x\n", "on", "12:30:45", "1e3", "0777", "~", "null", "=", "<<", "2020-01-31", "07:32:00", "\"no\"", "'off'", "1_000", "0x1F", "0b1",
	// quotes
	"'", "\"", "''", "\"\"", "\"\"\"", "'''", "`", "|\n", "|-\n  ", ">\n  ", ">-\n  ", "|2\n", "? ", ": ", "- ", "{", "}", "[", "],", ", ", "{}", "[]", "\"\": ",
	// characters that readers skip or take for line breaks
	"\ufeff", "\u2028", "\u2029", "\u0085", "\r", "\r\n", "\t", "\u00a0", "\x00", "\x0c", "\u200b", "\\", "\n", " ", "  ", "\v",
	// comments
	"# public\n", " # public", "#", "#x\n", "; x\n", ";", " ;x", "//", "/* */",
	// other formats
	"[x]\n", "[[x]]\n", "a = 1\n", "a=1\n", "A=1\n", "export ", "a.b = 1\n", "\"a\": 1,", ", \"a\": null", "=", " = ", "[DEFAULT]\n", "%(a)s", "$A", "\\n", "1979-05-27",
	"\\u0041", "\\u00e9", "\n  a = b", "\n  b", "\n\tb",
}

var tokens = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|'[^'\n]*'|ENC\\[[^\\]]*\\]|[^\\s\"',\\[\\]{}#]+|\n[ \t]*|[,\\[\\]{}#]")

// edited applies edits to text. An edit has four bytes: the kind, the offset (two bytes) and the index of an attack.
func edited(text string, edits []byte) string {
	for len(edits) >= 4 && len(text) < 1<<16 {
		text = edit(text, edits[0], int(binary.LittleEndian.Uint16(edits[1:])), int(edits[3]))
		edits = edits[4:]
	}
	return text
}

func edit(text string, what byte, where, with int) string {
	if text == "" {
		return attacks[with%len(attacks)]
	}
	found := tokens.FindAllStringIndex(text, -1)
	if len(found) == 0 {
		found = [][]int{{0, len(text)}}
	}
	from, to := found[where/3%len(found)][0], found[where/3%len(found)][1]
	at := []int{from, to, from + (to-from)/2}[where%3]
	raw := where % len(text)
	put := func(from, to int, s string) string { return text[:from] + s + text[min(to, len(text)):] }
	token := text[from:to]
	switch what % 12 {
	default:
		return put(at, at, attacks[with%len(attacks)])
	case 5:
		return put(from, to, attacks[with%len(attacks)])
	case 6:
		return put(at, at+1+with%8, "")
	case 7:
		return put(raw, raw+1, string([]byte{byte(with)}))
	case 8:
		return put(raw, raw, string([]byte{byte(with)}))
	case 9: // other quotes
		inner := strings.Trim(token, "\"'")
		return put(from, to, []string{inner, "\"" + inner + "\"", "'" + inner + "'", "\"\"\"" + inner + "\"\"\"", "!!str " + inner, "! " + inner, "|-\n    " + inner}[with%7])
	case 10: // an escape
		if token == "" {
			return text
		}
		i := from + with%len(token)
		return put(i, i+1, []string{"\\x", "\\u00"}[with%2]+hex(text[i]))
	case 11: // lines
		lines := strings.SplitAfter(text, "\n")
		i, j := where%len(lines), (where+1+with/4)%len(lines)
		switch with % 4 {
		case 0:
			lines[i], lines[j] = lines[j], lines[i]
		case 1:
			lines = slices.Insert(lines, j, lines[i])
		case 2:
			lines = slices.Delete(lines, i, i+1)
		default:
			lines[i] = strings.Repeat(" ", 1+with/4%4) + lines[i]
		}
		return strings.Join(lines, "")
	}
}

func hex(b byte) string { return string([]byte{"0123456789ABCDEF"[b>>4], "0123456789ABCDEF"[b&15]}) }

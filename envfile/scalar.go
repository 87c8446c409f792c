package envfile

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// sealedPrefix is the start of every ciphertext.
const sealedPrefix = "ENC[AES256_GCM,"

func noSpan() span {
	return span{start: -1, end: -1, header: -1, tag: -1, keyStart: -1, dash: -1, close: -1, origin: -1}
}

// metaKey is the top-level key of the metadata in YAML and JSON.
const metaKey = "sops"

// fieldIs reports whether a line is the field NAME=VALUE with such a value.
func fieldIs(src []byte, name string, is func(value []byte) bool) bool {
	return anyOccurrence(src, name, func(before, after []byte) bool {
		value, isField := bytes.CutPrefix(bytes.TrimLeft(after, " \t"), []byte("="))
		return isField && len(bytes.TrimRight(before, " \t")) == 0 && is(bytes.TrimLeft(value, " \t"))
	})
}

// anyOccurrence reports whether is returns true for an occurrence of word. It gets
// the rest of the line, before and after the word.
func anyOccurrence(src []byte, word string, is func(before, after []byte) bool) bool {
	for len(src) > 0 {
		i := bytes.Index(src, []byte(word))
		if i < 0 {
			return false
		}
		start := bytes.LastIndexByte(src[:i], '\n') + 1
		end := len(src)
		if n := bytes.IndexByte(src[i:], '\n'); n >= 0 {
			end = i + n
		}
		line := src[start:end]
		for at := i - start; at >= 0; {
			if is(line[:at], line[at+len(word):]) {
				return true
			}
			next := bytes.Index(line[at+len(word):], []byte(word))
			if next < 0 {
				break
			}
			at += len(word) + next
		}
		src = src[end:]
	}
	return false
}

const byteOrderMark = "\xEF\xBB\xBF"

// flatNew returns the text of a new value in a format that has only strings.
func flatNew(v *Node) (string, error) {
	if v.Kind != Value {
		return "", errFlat
	}
	return v.Text, nil
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func neighbours(parent, n *Node) (before, after *Node) {
	found := false
	for e := range parent.Entries() {
		switch {
		case e == n:
			found = true
		case !found:
			before = e
		default:
			return before, e
		}
	}
	return before, nil
}

func sortEntries(entries []*Node) {
	sort.SliceStable(entries, func(i, j int) bool { return entries[i].Key < entries[j].Key })
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

func formatFloat(text string) string {
	switch text {
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	case "NaN":
		return ".nan"
	}
	if len(strings.TrimLeft(text, "-")) > 21 { // 1e300 has 301 digits
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			s := strconv.FormatFloat(f, 'e', -1, 64)
			if !strings.Contains(s, ".") {
				s = strings.Replace(s, "e", ".0e", 1)
			}
			return s
		}
	}
	if !strings.Contains(text, ".") {
		return text + ".0"
	}
	return text
}

func errUnsetFirst(n *Node) error {
	return fmt.Errorf("%w: it is a %s; unset it first", ErrPath, n.Kind)
}

func remark(comment string) string {
	first, _, _ := strings.Cut(comment, "\n")
	return strings.TrimSpace(strings.TrimLeft(first, "#"))
}

const markPrefix = "sealcfg-comment-"

// mark returns a unique comment that replaces the i-th comment while the parser determines its
// container.
func mark(i int) string { return markPrefix + strconv.Itoa(i) + "-" }

// markNumber is the inverse of mark. It returns -1 for any other comment.
func markNumber(text string) int {
	digits, ok1 := strings.CutPrefix(text, markPrefix)
	digits, ok2 := strings.CutSuffix(digits, "-")
	i, err := strconv.Atoi(digits)
	if !ok1 || !ok2 || err != nil {
		return -1
	}
	return i
}

// bang represents the tag "!". According to the specification, it makes a scalar a string. Some
// readers ignore it, and PyYAML treats the scalar as unquoted.
const bang = "!"

// coreTags are the tags with which a ciphertext would not parse.
var coreTags = map[string]bool{"!!int": true, "!!float": true, "!!bool": true, "!!timestamp": true, "!!binary": true, "!!null": true}

// appendLine appends a line. If src does not end in a line feed, the result does not either.
func appendLine(src []byte, text string) edit {
	at := len(src)
	if at > 0 && src[at-1] != '\n' {
		return edit{at, at, "\n" + text}
	}
	return edit{at, at, text + "\n"}
}

// formatTyped formats the canonical text of a number, boolean or time so that YAML reads it with
// the same type.
func formatTyped(typ crypto.Type, text string) string {
	switch typ {
	case crypto.Bool:
		return strings.ToLower(text)
	case crypto.Float:
		return formatFloat(text)
	case crypto.Time:
		// People write midnight UTC as a date without a time.
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil && strings.HasSuffix(text, "T00:00:00Z") {
			return t.Format(time.DateOnly)
		}
	}
	return text
}

// quoteDouble formats a string in double quotes, with the necessary escapes only.
func quoteDouble(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == 0:
			b.WriteString(`\0`)
		case printable(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// printable reports whether YAML allows a character unescaped on one line.
func printable(r rune) bool {
	return r >= ' ' && r <= '~' || r >= 0xA0 && r <= 0xD7FF && r != 0x2028 && r != 0x2029 ||
		r >= 0xE000 && r <= 0xFFFD && r != 0xFEFF || r >= 0x10000 && r <= 0x10FFFF
}

func setOf(chars string) (set [256]bool) {
	for i := range len(chars) {
		set[chars[i]] = true
	}
	return set
}

// localKind returns the kind of a value without quotes: "date", "time" or "datetime" if it is a
// local one, otherwise "".
func localKind(text string) string {
	norm := strings.ToUpper(strings.Replace(text, " ", "T", 1))
	if !localDate().MatchString(text) && !localTime().MatchString(text) || strings.HasSuffix(norm, "Z") {
		return ""
	}
	for kind, form := range map[string]string{"datetime": "2006-01-02T15:04:05", "date": time.DateOnly, "time": time.TimeOnly} {
		if _, err := time.Parse(form, norm); err == nil {
			return kind
		}
	}
	return ""
}

// metaPrefix is the prefix of metadata names.
const metaPrefix = metaKey + "_"

// localDate and localTime match dates and times of TOML.
var (
	localDate = pattern.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	localTime = pattern.New(`^([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ])?[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$`)
)

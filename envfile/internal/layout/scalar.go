package layout

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// SealedPrefix is the start of every ciphertext.
const SealedPrefix = "ENC[AES256_GCM,"

func noSpan() Span {
	return Span{Start: -1, End: -1, Header: -1, Tag: -1, KeyStart: -1, Dash: -1, Close: -1, Origin: -1}
}

// MetaKey is the top-level key of the metadata in YAML and JSON.
const MetaKey = "sops"

// FieldIs reports whether a line is the field NAME=VALUE with such a value.
func FieldIs(src []byte, name string, is func(value []byte) bool) bool {
	return AnyOccurrence(src, name, func(before, after []byte) bool {
		value, isField := bytes.CutPrefix(bytes.TrimLeft(after, " \t"), []byte("="))
		return isField && len(bytes.TrimRight(before, " \t")) == 0 && is(bytes.TrimLeft(value, " \t"))
	})
}

// AnyOccurrence reports whether is returns true for an occurrence of word. It gets
// the rest of the line, before and after the word.
func AnyOccurrence(src []byte, word string, is func(before, after []byte) bool) bool {
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

const ByteOrderMark = "\xEF\xBB\xBF"

// FlatNew returns the text of a new value in a format that has only strings.
func FlatNew(v *tree.Node) (string, error) {
	if v.Kind != tree.Value {
		return "", ErrFlat
	}
	return v.Text, nil
}

func Blank(c byte) bool { return c == ' ' || c == '\t' }

func QuoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func Neighbours(parent, n *tree.Node) (before, after *tree.Node) {
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

func SortEntries(entries []*tree.Node) {
	sort.SliceStable(entries, func(i, j int) bool { return entries[i].Key < entries[j].Key })
}

func FormatInt(n int64) string { return strconv.FormatInt(n, 10) }

func FormatFloat(text string) string {
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

func ErrUnsetFirst(n *tree.Node) error {
	return fmt.Errorf("%w: it is a %s; unset it first", tree.ErrPath, n.Kind)
}

func Remark(comment string) string {
	first, _, _ := strings.Cut(comment, "\n")
	return strings.TrimSpace(strings.TrimLeft(first, "#"))
}

const markPrefix = "sealcfg-comment-"

// Mark returns a unique comment that replaces the i-th comment while the parser determines its
// container.
func Mark(i int) string { return markPrefix + strconv.Itoa(i) + "-" }

// MarkNumber is the inverse of mark. It returns -1 for any other comment.
func MarkNumber(text string) int {
	digits, ok1 := strings.CutPrefix(text, markPrefix)
	digits, ok2 := strings.CutSuffix(digits, "-")
	i, err := strconv.Atoi(digits)
	if !ok1 || !ok2 || err != nil {
		return -1
	}
	return i
}

// Bang represents the tag "!". According to the specification, it makes a scalar a string. Some
// readers ignore it, and PyYAML treats the scalar as unquoted.
const Bang = "!"

// CoreTags are the tags with which a ciphertext would not parse.
var CoreTags = map[string]bool{"!!int": true, "!!float": true, "!!bool": true, "!!timestamp": true, "!!binary": true, "!!null": true}

// AppendLine appends a line. If src does not end in a line feed, the result does not either.
func AppendLine(src []byte, text string) Edit {
	at := len(src)
	if at > 0 && src[at-1] != '\n' {
		return Edit{at, at, "\n" + text}
	}
	return Edit{at, at, text + "\n"}
}

// FormatTyped formats the canonical text of a number, boolean or time so that YAML reads it with
// the same type.
func FormatTyped(typ crypto.Type, text string) string {
	switch typ {
	case crypto.Bool:
		return strings.ToLower(text)
	case crypto.Float:
		return FormatFloat(text)
	case crypto.Time:
		// People write midnight UTC as a date without a time.
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil && strings.HasSuffix(text, "T00:00:00Z") {
			return t.Format(time.DateOnly)
		}
	}
	return text
}

// QuoteDouble formats a string in double quotes, with the necessary escapes only.
func QuoteDouble(text string) string {
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
		case Printable(r):
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

// Printable reports whether YAML allows a character unescaped on one line.
func Printable(r rune) bool {
	return r >= ' ' && r <= '~' || r >= 0xA0 && r <= 0xD7FF && r != 0x2028 && r != 0x2029 ||
		r >= 0xE000 && r <= 0xFFFD && r != 0xFEFF || r >= 0x10000 && r <= 0x10FFFF
}

func SetOf(chars string) (set [256]bool) {
	for i := range len(chars) {
		set[chars[i]] = true
	}
	return set
}

// LocalKind returns the kind of a value without quotes: "date", "time" or "datetime" if it is a
// local one, otherwise "".
func LocalKind(text string) string {
	norm := strings.ToUpper(strings.Replace(text, " ", "T", 1))
	if !LocalDate().MatchString(text) && !LocalTime().MatchString(text) || strings.HasSuffix(norm, "Z") {
		return ""
	}
	for kind, form := range map[string]string{"datetime": "2006-01-02T15:04:05", "date": time.DateOnly, "time": time.TimeOnly} {
		if _, err := time.Parse(form, norm); err == nil {
			return kind
		}
	}
	return ""
}

// MetaPrefix is the prefix of metadata names.
const MetaPrefix = MetaKey + "_"

// LocalDate and LocalTime match dates and times of TOML.
var (
	LocalDate = pattern.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	LocalTime = pattern.New(`^([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ])?[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$`)
)

package envfile

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// The parser spends most of its time on the sealed values of a file, byte by
// byte, though nothing in them means anything to YAML. So it is given a text in
// which each is a short mark of the same shape, ENC[17], and the marks in its
// nodes are then replaced by what they stand for. Lines stay where they are, and
// only what no node follows on its line is shrunk, so columns stay too.

const sealedPrefix = "ENC[AES256_GCM,"

// maxMark bounds the digits of a mark.
const maxMark = 7

// shrink replaces sealed values by marks. ok is false where that does not pay,
// or where a mark could be taken for a text that is there already.
func shrink(src []byte) (small []byte, values []string, ok bool) {
	count := bytes.Count(src, []byte(sealedPrefix))
	if count < 4 || bytes.Count(src, []byte("ENC[")) != count {
		return nil, nil, false
	}
	small = make([]byte, 0, len(src)/2)
	values = make([]string, 0, count)
	whole := string(src) // one copy for all values
	at := 0
	for {
		i := bytes.Index(src[at:], []byte(sealedPrefix))
		if i < 0 {
			return append(small, src[at:]...), values, true
		}
		start := at + i
		end := sealedEnd(src, start+len(sealedPrefix))
		small = append(small, src[at:start]...)
		if end < 0 || !endsLine(src, end) {
			at = start + len(sealedPrefix)
			small = append(small, sealedPrefix...)
			continue
		}
		small = append(small, "ENC["...)
		small = strconv.AppendInt(small, int64(len(values)), 10)
		small = append(small, ']')
		values = append(values, whole[start:end])
		at = end
	}
}

// sealedEnd returns the end of a sealed value, -1 if it has characters that
// could mean something to YAML.
func sealedEnd(src []byte, i int) int {
	for i < len(src) && inSealed[src[i]] {
		i++
	}
	if i == len(src) || src[i] != ']' || src[i-1] == ':' {
		return -1
	}
	return i + 1
}

// inSealed holds the characters between the brackets of a sealed value: base64
// and the names of its parts. None of them ends a line, so a colon is always
// followed by another one of them.
var inSealed = func() (set [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=,:_") {
		set[c] = true
	}
	return set
}()

// endsLine reports whether nothing but a closing quote, blanks and a comment
// follows on the line.
func endsLine(src []byte, i int) bool {
	if i < len(src) && (src[i] == '"' || src[i] == '\'') {
		i++
	}
	before := i
	for i < len(src) && blank(src[i]) {
		i++
	}
	return i == len(src) || breakAt(src, i) > 0 || src[i] == '#' && i > before
}

var errMark = errors.New("mark in an unexpected place")

// unshrink replaces the marks in all texts of a document.
func unshrink(n *yaml.Node, values []string) error {
	if strings.Contains(n.Tag, "ENC[") || strings.Contains(n.Anchor, "ENC[") {
		return errMark
	}
	for _, s := range []*string{&n.Value, &n.HeadComment, &n.LineComment, &n.FootComment} {
		if *s == "" {
			continue
		}
		text, err := replaceMarks(*s, values)
		if err != nil {
			return err
		}
		*s = text
	}
	for _, c := range n.Content {
		if err := unshrink(c, values); err != nil {
			return err
		}
	}
	return nil
}

func replaceMarks(s string, values []string) (string, error) {
	i := strings.Index(s, "ENC[")
	if i < 0 {
		return s, nil
	}
	if value, ok := markValue(s[i:], values); ok && i == 0 && len(s) <= len("ENC[]")+maxMark && s[len(s)-1] == ']' {
		return value, nil // the whole text, without a copy
	}
	var b strings.Builder
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		if value, ok := markValue(s, values); ok {
			b.WriteString(value)
			s = s[strings.IndexByte(s, ']')+1:]
		} else if strings.HasPrefix(s, sealedPrefix) {
			b.WriteString(sealedPrefix)
			s = s[len(sealedPrefix):]
		} else {
			return "", errMark
		}
		i = strings.Index(s, "ENC[")
	}
	b.WriteString(s)
	return b.String(), nil
}

// markValue returns what the mark at the beginning of s stands for.
func markValue(s string, values []string) (string, bool) {
	digits := s[len("ENC["):]
	end := strings.IndexByte(digits, ']')
	if end < 1 || end > maxMark {
		return "", false
	}
	n, err := strconv.Atoi(digits[:end])
	if err != nil || n < 0 || n >= len(values) {
		return "", false
	}
	return values[n], true
}

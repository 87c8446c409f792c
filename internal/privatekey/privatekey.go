// Package privatekey finds private keys in text: age identities, PEM blocks, and
// the body of an SSH or PKCS key without its frame. Errors and messages must
// not contain them, wherever they come from.
package privatekey

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// Hidden replaces a private key.
const Hidden = "[private key]"

const (
	identityPrefix = "AGE-SECRET-KEY-"
	pluginPrefix   = "AGE-PLUGIN-"
	pemBegin       = "-----BEGIN "
	pemEnd         = "-----END "
)

// In reports whether s contains a private key or a recognizable part of one.
func In(s string) bool {
	start, _ := find(s)
	return start >= 0
}

// IsPEM reports whether s contains a PEM block, such as an SSH key.
func IsPEM(s string) bool { return strings.Contains(s, pemBegin) || strings.Contains(s, pemEnd) }

// Hide returns s with [Hidden] instead of each private key.
func Hide(s string) string {
	var b strings.Builder
	for {
		start, end := find(s)
		if start < 0 {
			break
		}
		b.WriteString(s[:start])
		b.WriteString(Hidden)
		s = s[end:]
	}
	if b.Len() == 0 {
		return s
	}
	b.WriteString(s)
	return b.String()
}

// find returns the range of the first private key in s. Without one, start is -1.
func find(s string) (start, end int) {
	for i := 0; i < len(s); i++ {
		if s[i] == '-' && strings.HasPrefix(s[i:], pemEnd) { // the beginning got lost
			return bodyBefore(s, i), frameEnd(s, i+len(pemEnd))
		}
		if end := keyAt(s, i); end > 0 {
			return i, end
		}
	}
	return -1, -1
}

// keyAt returns the end of the private key that begins at s[i:], 0 if none does.
func keyAt(s string, i int) int {
	begun := i > 0 && isAlphanumeric(s[i-1]) && !isEscape(s[:i]) // in the middle of a word
	switch c := s[i]; {
	case c == '-':
		if strings.HasPrefix(s[i:], pemBegin) {
			return body(s, frameEnd(s, i+len(pemBegin)))
		}
	case hasPrefixFold(s[i:], identityPrefix):
		// Two characters: AGE-SECRET-KEY-1… is how a message names the kind.
		return words(s, i+len(identityPrefix), 2)
	case hasPrefixFold(s[i:], pluginPrefix):
		return pluginIdentity(s, i)
	case strings.HasPrefix(s[i:], opensshMagic):
		return body(s, i)
	case !begun && isEncodedKey(s[i:]):
		return body(s, i)
	case !begun:
		if n := cutIdentity(s[i:]); n > 0 {
			return words(s, i+n, 8)
		}
	}
	return 0
}

// isEscape reports whether s ends in the escape of a line break or a tab.
func isEscape(s string) bool {
	return len(s) > 1 && s[len(s)-2] == '\\' && strings.IndexByte("nrt", s[len(s)-1]) >= 0
}

// cutIdentity returns where the data of an identity begins if its first characters
// got lost. It returns 0 if s is not such an identity.
func cutIdentity(s string) int {
	for n := 1; n <= len("AGE-"); n++ {
		rest := identityPrefix[n:]
		if !hasPrefixFold(s, rest) {
			continue
		}
		data := s[len(rest):]
		if hasPrefixFold(data, "PQ-") {
			data = data[len("PQ-"):]
		}
		if strings.HasPrefix(data, "1") && run(data[1:], isBech32) >= 8 {
			return len(rest)
		}
	}
	return 0
}

// pluginIdentity returns the end of AGE-PLUGIN-NAME-1…, 0 if s[i:] is the name
// of a program.
func pluginIdentity(s string, i int) int {
	from := i + len(pluginPrefix)
	word := s[from : from+run(s[from:], isPluginName)]
	if sep := strings.LastIndex(word, "-1"); sep >= 0 && run(word[sep+2:], isBech32) >= 6 {
		return words(s, from+sep+2, 6)
	}
	return 0
}

// words returns the end of the data of an identity, which begins at s[from:] and
// may go on after white space. It returns 0 if there are fewer than least characters.
func words(s string, from, least int) int {
	end := from + run(s[from:], func(c byte) bool { return isAlphanumeric(c) || c == '-' })
	if end == from { // a break right after the prefix
		next := from + separators(s[from:])
		if !strings.HasPrefix(s[next:], "1") || run(s[next+1:], isBech32) < 8 {
			return 0
		}
		from, end = next, next+1+run(s[next+1:], isBech32)
	}
	if end-from < least {
		return 0
	}
	upper := s[from:end] == strings.ToUpper(s[from:end])
	for {
		next := end + separators(s[end:])
		n := run(s[next:], isBech32)
		word := s[next : next+n]
		if next == end || n == 0 || next+n < len(s) && (isAlphanumeric(s[next+n]) || s[next+n] == '-') {
			return end
		}
		if upper && word != strings.ToUpper(word) || !upper && word != strings.ToLower(word) {
			return end
		}
		end = next + n
	}
}

// frameEnd returns the end of -----BEGIN X----- or -----END X-----, given where X begins.
func frameEnd(s string, from int) int {
	end := from + run(s[from:], func(c byte) bool { return isAlphanumeric(c) || c == ' ' })
	return end + run(s[end:], func(c byte) bool { return c == '-' })
}

// pemHeaders are the lines that may come before the data of a PEM block.
var pemHeaders = []string{"Proc-Type:", "DEK-Info:", "Comment:", "Version:"}

// body returns the end of the lines of a PEM block from s[from:] on, with the
// line that ends it.
func body(s string, from int) int {
	end := from
	for {
		next := end + separators(s[end:])
		rest := s[next:]
		if strings.HasPrefix(rest, pemEnd) {
			return frameEnd(s, next+len(pemEnd))
		}
		if h := header(rest); h > 0 {
			end = next + h
			continue
		}
		if rest != "" && mayGoOn(rest) {
			return len(s)
		}
		n := run(rest, isBase64)
		if n == 0 || n < len(rest) && rest[n] == ':' && isWord(rest[:n]) {
			return end
		}
		end = next + n
		if end < len(s) && separators(s[end:]) == 0 {
			return end
		}
	}
}

// isWord recognizes a word of a message, such as hint.
func isWord(s string) bool {
	return len(s) <= 12 && run(s, func(c byte) bool { return c >= 'a' && c <= 'z' }) == len(s)
}

// header returns the length of the header at the beginning of s, 0 without a header.
func header(s string) int {
	for _, h := range pemHeaders {
		if strings.HasPrefix(s, h) {
			n := len(h) + separators(s[len(h):])
			return n + run(s[n:], func(c byte) bool { return strings.IndexByte(" \t\r\n?\\", c) < 0 })
		}
	}
	return 0
}

// bodyBefore returns where the base64 lines begin that end at s[:end].
func bodyBefore(s string, end int) int {
	start := end
	for start > 0 && (isBase64(s[start-1]) || strings.IndexByte(" \t\r\n?\\", s[start-1]) >= 0) {
		start--
	}
	for { // leave the words of the message
		next := start + separators(s[start:end])
		n := run(s[next:end], isBase64)
		if n == 0 || !isWord(s[next:next+n]) {
			return next
		}
		start = next + n
	}
}

// mayGoOn reports whether s, which comes after a part of a key, may be the beginning
// of more of it.
func mayGoOn(s string) bool {
	for _, next := range append([]string{pemEnd, `\\n`}, pemHeaders...) {
		if strings.HasPrefix(next, s) {
			return true
		}
	}
	return false
}

// opensshMagic is the beginning of the base64 of every key of OpenSSH.
const opensshMagic = "b3BlbnNzaC1rZXktdjE"

// encodedBeginnings are the first bytes of files with a private key.
var encodedBeginnings = []string{pemBegin, identityPrefix, "# created: ", "# public key: age", "openssh-key-v1"}

// encodedLength is the number of base64 characters that decide whether a key follows.
const encodedLength = 16

// isEncodedKey recognizes the base64 of a file with a private key, and of the keys in
// a PEM or PGP block without its frame.
func isEncodedKey(s string) bool {
	if run(s[:min(len(s), encodedLength)], isBase64) < encodedLength {
		return false
	}
	data, err := base64.StdEncoding.DecodeString(s[:encodedLength])
	if err != nil {
		return false
	}
	for _, beginning := range encodedBeginnings {
		if bytes.HasPrefix(data, []byte(beginning[:min(len(beginning), len(data))])) {
			return true
		}
	}
	return isDER(data) || isPGP(data)
}

// isDER recognizes a PKCS #1, PKCS #8 or EC key: a sequence that begins with
// the version 0 or 1.
func isDER(der []byte) bool {
	if der[0] != 0x30 {
		return false
	}
	skip := 2
	if der[1] > 0x80 {
		skip += int(der[1] - 0x80)
	}
	return skip+3 <= len(der) && der[skip] == 2 && der[skip+1] == 1 && der[skip+2] <= 1
}

// isPGP recognizes a packet with a secret key: its tag and length, the version,
// the time in four bytes, and the algorithm.
func isPGP(packet []byte) bool {
	header := 0
	switch tag := packet[0]; {
	case tag >= 0x94 && tag <= 0x96: // the length has 1, 2 or 4 bytes
		header = 1 + 1<<(tag-0x94)
	case tag == 0xc5 && packet[1] < 192:
		header = 2
	case tag == 0xc5 && packet[1] < 224:
		header = 3
	case tag == 0xc5 && packet[1] == 255:
		header = 6
	default:
		return false
	}
	version, algorithm := packet[header], packet[header+5]
	return version >= 4 && version <= 6 && algorithm >= 1 && algorithm <= 28
}

// separators counts the bytes at the beginning of s that may break a key into lines:
// white space, its escapes, and the ? that replaces a control character.
func separators(s string) int {
	n := 0
	for n < len(s) {
		if strings.IndexByte(" \t\r\n?", s[n]) >= 0 {
			n++
			continue
		}
		slashes := run(s[n:], func(c byte) bool { return c == '\\' })
		if after := n + slashes; slashes == 0 || after == len(s) || strings.IndexByte("nrt", s[after]) < 0 {
			break
		}
		n += slashes + 1
	}
	return n
}

// run counts the bytes at the beginning of s for which is holds.
func run(s string, is func(byte) bool) int {
	n := 0
	for n < len(s) && is(s[n]) {
		n++
	}
	return n
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isBase64(c byte) bool     { return isAlphanumeric(c) || c == '+' || c == '/' || c == '=' }
func isPluginName(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("+-._", c) >= 0 }

func isBech32(c byte) bool {
	return isAlphanumeric(c) && strings.IndexByte("1bioBIO", c) < 0
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

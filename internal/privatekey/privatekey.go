// Package privatekey finds private keys in text: age identities, PEM blocks, and
// the body of an SSH or PKCS key without its frame. Errors and messages must
// not contain them, wherever they come from.
package privatekey

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
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
		if isIdentityData(s[i:]) {
			return words(s, i, identityRun)
		}
		return encodedEnd(s, i)
	}
	return 0
}

// isEscape reports whether s ends in the escape of a line break or a tab.
func isEscape(s string) bool {
	return len(s) > 1 && s[len(s)-2] == '\\' && strings.IndexByte("nrt", s[len(s)-1]) >= 0
}

// identityRun is the number of data characters from which on an identity is
// recognized without its prefix: half of the key.
const identityRun = 32

// cutIdentity returns where the data of an identity begins if its first characters
// got lost. It returns 0 if s is not such an identity.
func cutIdentity(s string) int {
	for _, prefix := range []string{identityPrefix, identityPrefix + "PQ-"} {
		for n := 1; n < len(prefix)-1; n++ {
			least := identityRun
			if n <= len("AGE-") {
				least = 8
			}
			rest := prefix[n:] + "1"
			if hasPrefixFold(s, rest) && run(s[len(rest):], isBech32) >= least {
				return len(rest) - 1
			}
		}
	}
	return 0
}

// isIdentityData reports whether s begins with a word that contains the data of an
// identity in upper case: many characters of bech32 that are not a hash in
// hexadecimal digits. Recipients are in lower case.
func isIdentityData(s string) bool {
	word := s[:run(s, isAlphanumeric)]
	for i := 0; i+identityRun <= len(word); {
		n := run(word[i:], isUpperBech32)
		if n >= identityRun && run(word[i:i+n], isHex) < n && strings.ContainsAny(word[i:i+n], "023456789") {
			return true
		}
		i += n + 1
	}
	return false
}

// encodedEnd returns the end of the encoded file with a private key that begins at
// s[i:], 0 if none does. Its first bytes may be missing, so it decodes the word at
// each offset.
func encodedEnd(s string, i int) int {
	window := s[i:min(len(s), i+hexLength)]
	if n := run(window, isHex); n >= encodedLength {
		end := i + hexEnd(window, n)
		all := strings.Map(func(c rune) rune {
			if c > 'f' || !isHex(byte(c)) {
				return -1
			}
			return c
		}, s[i:end])
		for offset := range 2 {
			digits := all[offset:]
			data, err := hex.DecodeString(digits[:len(digits)/2*2])
			if err == nil && holdsKey(data) {
				return hexEnd(s, end+run(s[end:], isHex))
			}
		}
	}
	if s[i] == '=' || i > 0 && inBase64(s[:i]) {
		return 0 // decoded with the beginning of the word
	}
	word := strings.TrimRight(standardBase64.Replace(s[i:i+base64Run(s[i:])]), "=")
	if len(word) < encodedLength {
		return 0
	}
	for offset := range 4 {
		digits := word[offset:]
		data, err := base64.StdEncoding.DecodeString(digits[:len(digits)/4*4])
		if err == nil && holdsKey(data) {
			return body(s, i)
		}
	}
	return 0
}

// inBase64 reports whether s ends within a word of base64, rather than before one.
func inBase64(s string) bool {
	switch last := s[len(s)-1]; {
	case isEscape(s):
		return false
	case last == '-' || last == '_':
		return len(s) > 1 && isAlphanumeric(s[len(s)-2])
	default:
		return last != '=' && isBase64(last)
	}
}

// standardBase64 replaces the characters of URL-safe base64.
var standardBase64 = strings.NewReplacer("-", "+", "_", "/")

// holdsKey reports whether the decoded data is a private key or contains the text of
// one.
func holdsKey(data []byte) bool {
	for _, part := range []string{pemBegin, identityPrefix, pluginPrefix, opensshHeader, opensshMagic} {
		if bytes.Contains(data, []byte(part)) {
			return true
		}
	}
	if len(data) >= derLength && isDER(data) {
		return true
	}
	text := string(data)
	for i := range data {
		if (i == 0 || !isAlphanumeric(data[i-1])) && isIdentityData(text[i:]) {
			return true
		}
	}
	return false
}

// hexEnd returns the end of the lines of hexadecimal digits that go on at s[end:].
func hexEnd(s string, end int) int {
	for {
		next := end + separators(s[end:])
		n := run(s[next:], isHex)
		if next == end || n == 0 || next+n < len(s) && isAlphanumeric(s[next+n]) {
			return end
		}
		end = next + n
	}
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
		n := base64Run(rest)
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

// opensshHeader is opensshMagic decoded.
const opensshHeader = "openssh-key-v1"

// encodedBeginnings are the first bytes of files with a private key.
var encodedBeginnings = []string{pemBegin, identityPrefix, "# created: ", "# public key: age", opensshHeader}

const (
	// encodedLength is the number of base64 characters that decide whether a key
	// follows.
	encodedLength = 16
	// schemeLength is the number of base64 characters up to the end of the encryption
	// scheme of an encrypted key.
	schemeLength = 24
	// hexLength is the length of the hexadecimal lines that are decoded to find a key
	// in them.
	hexLength = 512
	// derLength is the number of bytes that decide whether they begin a key in DER.
	derLength = encodedLength * 3 / 4
)

// isEncodedKey recognizes the base64 of a file with a private key, and of the keys in
// a PEM or PGP block without its frame.
func isEncodedKey(s string) bool {
	window := s[:min(len(s), schemeLength)]
	n := base64Run(window)
	if n < encodedLength {
		return false
	}
	text := standardBase64.Replace(window[:n])
	data, err := base64.StdEncoding.DecodeString(text[:encodedLength])
	if err != nil {
		return false
	}
	for _, beginning := range encodedBeginnings {
		if bytes.HasPrefix(data, []byte(beginning[:min(len(beginning), len(data))])) {
			return true
		}
	}
	if text == window[:n] && isPGP(data) {
		return true
	}
	if longer, err := base64.StdEncoding.DecodeString(text[:n/4*4]); err == nil {
		data = longer
	}
	return isDER(data)
}

// isDER recognizes a PKCS #1, PKCS #8 or EC key: a sequence that begins with
// the version 0 or 1. It also recognizes an encrypted PKCS #8 key: a sequence that
// begins with a sequence of an encryption scheme of PKCS #5 or PKCS #12 and its
// parameters.
func isDER(der []byte) bool {
	rest, ok := sequence(der)
	if !ok {
		return false
	}
	if bytes.HasPrefix(rest, []byte{2, 1, 0}) || bytes.HasPrefix(rest, []byte{2, 1, 1}) {
		return true
	}
	scheme, ok := sequence(rest)
	if !ok || len(scheme) < 2 || scheme[0] != 6 {
		return false
	}
	// The object identifiers are 1.2.840.113549.1.5.X and 1.2.840.113549.1.12.1.X.
	id := scheme[2:]
	if len(id) > len(pkcs) {
		return bytes.HasPrefix(id, pkcs) && (id[len(pkcs)] == 5 || id[len(pkcs)] == 12)
	}
	return false
}

// pkcs is the beginning of the object identifiers of PKCS, 1.2.840.113549.1.
var pkcs = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1}

// sequence returns the bytes after the tag and length of a DER sequence.
func sequence(der []byte) ([]byte, bool) {
	if len(der) < 2 || der[0] != 0x30 {
		return nil, false
	}
	skip := 2
	if der[1] > 0x80 {
		skip += int(der[1] - 0x80)
	}
	return der[min(skip, len(der)):], skip <= len(der)
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

func isBase64(c byte) bool { return isAlphanumeric(c) || c == '+' || c == '/' || c == '=' }
func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// base64Run counts the characters of base64 at the beginning of s, with the URL-safe
// ones, up to the padding or to the frame of a PEM block.
func base64Run(s string) int {
	n := 0
	for n < len(s) && s[n] != '=' && (isBase64(s[n]) || s[n] == '_' || s[n] == '-' && !strings.HasPrefix(s[n:], "-----")) {
		n++
	}
	return n + run(s[n:], func(c byte) bool { return c == '=' })
}

func isUpperBech32(c byte) bool { return isBech32(c) && (c < 'a' || c > 'z') }
func isPluginName(c byte) bool  { return isAlphanumeric(c) || strings.IndexByte("+-._", c) >= 0 }

func isBech32(c byte) bool {
	return isAlphanumeric(c) && strings.IndexByte("1bioBIO", c) < 0
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

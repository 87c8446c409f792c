package privatekey

import (
	"io"
	"strings"
	"sync"
)

// longestHeld bounds the text that a [Writer] keeps back; a longer one is not a key.
const longestHeld = 1 << 18

// A Writer passes text on without the private keys in it, also if a key comes in
// several writes. It keeps back only the possible beginning of a key. It is
// safe for concurrent use.
type Writer struct {
	mu   sync.Mutex
	to   io.Writer
	sent string // the last characters that were written
	held string // not yet written
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Write writes p without private keys.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held += string(p)
	text := w.sent + w.held
	cut := undecided(text)
	if len(text)-cut > longestHeld {
		cut = len(text)
	}
	if err := w.pass(max(0, cut-len(w.sent))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes the text that was kept back.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pass(len(w.held))
}

// pass writes the first n bytes of the text that was kept back.
func (w *Writer) pass(n int) error {
	if n == 0 {
		return nil
	}
	text := w.sent + w.held[:n]
	var out strings.Builder
	for at, from := 0, len(w.sent); ; { // at: searched up to there; from: written up to there
		start, end := find(text[at:])
		if start < 0 {
			out.WriteString(text[max(at, from):])
			break
		}
		if start, end = at+start, at+end; end > from {
			out.WriteString(text[from:max(from, start)])
			out.WriteString(Hidden)
			from = end
		}
		at = end
	}
	w.held = w.held[n:]
	w.sent = text[len(text)-min(len(text), shortestBeginning-1):]
	_, err := io.WriteString(w.to, out.String())
	return err
}

// undecided returns the index in s from which more text decides whether it is a
// key, or where the key ends: len(s) if there is no such text.
func undecided(s string) int {
	for from := 0; ; {
		start, end := find(s[from:])
		if start < 0 {
			break
		}
		start, end = from+start, from+end
		if mayGoOn(s[end+separators(s[end:]):]) {
			return start
		}
		from = end
	}
	for i := max(0, len(s)-longestBeginning); i < len(s); i++ {
		if mayBegin(s[i:]) && (i == 0 || !isAlphanumeric(s[i-1])) {
			return i
		}
	}
	return len(s)
}

const (
	// longestBeginning is the length from which on a key is recognized.
	longestBeginning = 64
	// shortestBeginning lets a prompt through that ends in the letter A.
	shortestBeginning = 4
)

// mayBegin reports whether s is too short to decide whether it is a key.
func mayBegin(s string) bool {
	if len(s) < shortestBeginning {
		return false
	}
	for _, prefix := range []string{pemBegin, pemEnd, opensshMagic} {
		if strings.HasPrefix(prefix, s) {
			return true
		}
	}
	for n := 0; n <= len("AGE-"); n++ { // AGE-SECRET-KEY-1, GE-SECRET-KEY-1 …
		prefix := identityPrefix[n:]
		if hasPrefixFold(prefix, s) || hasPrefixFold(s, prefix) && run(s, isPluginName) == len(s) {
			return true
		}
	}
	if hasPrefixFold(pluginPrefix, s) || hasPrefixFold(s, pluginPrefix) && run(s, isPluginName) == len(s) {
		return true
	}
	if word := strings.TrimPrefix(s, "1"); len(word) < identityRun && run(word, isUpperBech32) == len(word) {
		return true
	}
	if len(s) < 2*encodedLength && run(s, isHex) == len(s) && mayBeHex(s[:shortestBeginning]) {
		return true
	}
	return len(s) < schemeLength && mayBeEncoded(s[:shortestBeginning]) && base64Run(s) == len(s)
}

// mayBeHex reports whether the hexadecimal digits of a key may begin with s: of text
// (-----, AGE, #), of OpenSSH's keys, and of a sequence of DER.
func mayBeHex(s string) bool {
	for _, beginning := range []string{"2d2d", "2D2D", "4147", "2320", "6f70", "6F70", "30"} {
		if strings.HasPrefix(s, beginning) {
			return true
		}
	}
	return false
}

// mayBeEncoded reports whether the base64 of a key may begin with s: of text (-----,
// AGE, #), of OpenSSH's keys, of a sequence of DER, and of a packet of PGP.
func mayBeEncoded(s string) bool {
	for _, beginning := range []string{"LS0t", "QUdF", "IyBj", "IyBw", "b3Bl"} {
		if s == beginning {
			return true
		}
	}
	return s[0] == 'M' || s[0] == 'l' || strings.HasPrefix(s, "x")
}

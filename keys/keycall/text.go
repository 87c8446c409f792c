package keycall

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"

	"github.com/sealcfg/sealcfg/internal/errtext"
)

// OneLine returns text on one line. It replaces runs of blanks and unprintable
// characters with one blank, removes horizontal rules (-----), and cuts text that
// is longer than 300 characters after a word.
func OneLine(text string) string { return errtext.OneLine(text) }

// FirstLine returns the first line of text that is not blank, in the form of [OneLine].
func FirstLine(text string) string { return errtext.FirstLine(text) }

// LastLine returns the last line of text that is not blank, in the form of [OneLine].
func LastLine(text string) string { return errtext.LastLine(text) }

// Text returns an error as one short line, in the form of [OneLine]. It
// withholds an error that quotes a secret, also in encoded form.
func Text(err error, describe func(error) string, quotable [][]byte) string {
	text := ""
	if describe != nil {
		text = describe(err)
	}
	if text == "" {
		text = err.Error()
	}
	for _, secret := range quotable {
		if quotes(text, secret) || quotes(err.Error(), secret) {
			return "failed; the response is not shown, because it contains the key"
		}
	}
	return errtext.OneLine(text)
}

// quotes reports whether text contains a secret, unchanged or in an encoding that
// services use.
func quotes(text string, secret []byte) bool {
	if len(secret) == 0 {
		return false
	}
	for _, form := range []string{
		string(secret), hex.EncodeToString(secret),
		base64.RawStdEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret),
	} {
		if bytes.Contains([]byte(text), []byte(form)) {
			return true
		}
	}
	return false
}

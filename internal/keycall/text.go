package keycall

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"

	"github.com/sealcfg/sealcfg/internal/errtext"
)

// Text makes one short line of an error, as [errtext.OneLine]. A text that quotes a
// secret, also encoded, is not passed on at all.
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
			return "failed, with an answer that quotes the key"
		}
	}
	return errtext.OneLine(text)
}

// quotes looks for a secret as it is and in the encodings that services use.
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

package crypto

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/internal/nocopy"
)

const (
	nonceSize = 32 // sops uses 32 bytes where GCM's usual length is 12 (aes/cipher.go, nonceSize)
	tagSize   = 16
	prefix    = "ENC[AES256_GCM,data:"
)

var (
	// ErrMalformed is returned when a string does not have the form of an encrypted value.
	ErrMalformed = errors.New("malformed encrypted value")
	// ErrTampered is returned when an encrypted value or a MAC fails authentication: it was
	// changed, moved to another name, or encrypted with another data key.
	ErrTampered = errors.New("fails authentication")
)

// A ValueCipher encrypts and decrypts the values of one file. It is safe for concurrent use.
type ValueCipher struct{ gcm cipher.AEAD }

// NewValueCipher returns a ValueCipher with AES-256-GCM for key.
func NewValueCipher(key DataKey) *ValueCipher {
	block, err := aes.NewCipher(key.hidden()[:])
	if err != nil {
		panic(err) // only for a wrong key length, which DataKey prevents
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, nonceSize)
	if err != nil {
		panic(err) // only for a nonce size of zero
	}
	return &ValueCipher{gcm: gcm}
}

// Format implements [fmt.Formatter], so that no verb prints the expanded key.
func (*ValueCipher) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[value cipher]")) }

// Seal encrypts the canonical text of a value (see [Canonical]) under a new random nonce and
// returns the "ENC[…]" form. aad is the additional data of the value (see [AAD]). Seal does not
// encrypt the empty text: the format stores it as "".
func (c *ValueCipher) Seal(t Type, text, aad string) string {
	if text == "" {
		return ""
	}
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	enc := base64.StdEncoding
	end := len(prefix) + enc.EncodedLen(len(text)) // of the data
	out := append(make([]byte, 0, end+100), prefix...)

	// The plaintext may be as large as a file, so there is only one buffer. The plaintext is encrypted
	// at the end of the buffer, and its base64 is written from the start. The base64 never overwrites
	// bytes that have not been encoded yet: each block is copied first, and the base64 reaches the end
	// only with the last block.
	start := end - len(text)
	data := append(out[:start], text...)[start:]
	data = c.gcm.Seal(data[:0], nonce, data, []byte(aad))
	tag := bytes.Clone(data[len(text):])
	data = data[:len(text)]
	var block [blockSize]byte
	for to := out[len(prefix):end]; len(data) > 0; {
		n := copy(block[:], data)
		enc.Encode(to, block[:n])
		data, to = data[n:], to[enc.EncodedLen(n):]
	}

	out = append(out[:end], ",iv:"...)
	out = enc.AppendEncode(out, nonce)
	out = append(out, ",tag:"...)
	out = enc.AppendEncode(out, tag)
	out = append(out, ",type:"...)
	out = append(out, t...)
	out = append(out, ']')
	return nocopy.String(out)
}

// Open decrypts a value that [ValueCipher.Seal] or sops encrypted, and returns its type and
// canonical text. It returns [ErrMalformed] or [ErrTampered]. The errors contain no part of the
// value.
func (c *ValueCipher) Open(sealed, aad string) (Type, string, error) {
	t, text, _, err := c.OpenCanonical(sealed, aad)
	return t, text, err
}

// OpenCanonical is Open, and also reports whether the encrypted text was canonical. sops and sealcfg
// encrypt only canonical text. In any other text, the type may have been changed, because the
// format does not authenticate it. Such a value must not keep its nonce (see [Canonical]).
func (c *ValueCipher) OpenCanonical(sealed, aad string) (t Type, text string, canonical bool, err error) {
	if sealed == "" {
		return Str, "", true, nil
	}
	v, err := parseSealed(sealed)
	if err != nil {
		return "", "", false, err
	}
	plain, err := c.gcm.Open(v.data[:0], v.nonce, v.data, []byte(aad)) // in place: the buffer is not shared
	if err != nil {
		return "", "", false, ErrTampered
	}
	decrypted := nocopy.String(plain)
	text, err = Canonical(v.typ, decrypted)
	if err != nil {
		return "", "", false, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return v.typ, text, text == decrypted, nil
}

// IsSealed reports whether text has the form of an encrypted value. It does not decrypt it.
func IsSealed(text string) bool {
	_, _, err := SealedType(text)
	return err == nil
}

// SealedType returns the type and the length in bytes of an encrypted value. Both are readable
// without the key. The type is not authenticated before the value is decrypted and the MAC is
// verified.
func SealedType(sealed string) (t Type, length int, err error) {
	p, err := split(sealed)
	if err != nil {
		return "", 0, err
	}
	nonce, err1 := decodedLen(p.nonce)
	length, err2 := decodedLen(p.data)
	tag, err3 := decodedLen(p.tag)
	if err := checkParts(nonce, length, tag, err1, err2, err3); err != nil {
		return "", 0, err
	}
	return p.typ, length, nil
}

// parts are the parts of an encrypted value, all in base64 except typ.
type parts struct {
	typ              Type
	nonce, data, tag string
}

// split splits ENC[AES256_GCM,data:…,iv:…,tag:…,type:…] into its parts. It is stricter than sops,
// which accepts text after the bracket.
func split(s string) (parts, error) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return parts{}, ErrMalformed
	}
	rest, ok = strings.CutSuffix(rest, "]")
	if !ok {
		return parts{}, ErrMalformed
	}
	data, rest, ok1 := strings.Cut(rest, ",iv:")
	iv, rest, ok2 := strings.Cut(rest, ",tag:")
	tag, typ, ok3 := strings.Cut(rest, ",type:")
	if !ok1 || !ok2 || !ok3 {
		return parts{}, ErrMalformed
	}
	if !Type(typ).known() {
		return parts{}, fmt.Errorf("%w: unknown type", ErrMalformed)
	}
	return parts{Type(typ), iv, data, tag}, nil
}

// checkParts checks the lengths of the decoded parts and the errors from decoding them. sops
// accepts a nonce of any length.
func checkParts(nonce, data, tag int, errs ...error) error {
	switch {
	case errors.Join(errs...) != nil, data == 0:
		return fmt.Errorf("%w: broken base64", ErrMalformed)
	case nonce != nonceSize:
		return fmt.Errorf("%w: expected a nonce of %d bytes, got %d", ErrMalformed, nonceSize, nonce)
	case tag != tagSize:
		return fmt.Errorf("%w: expected a tag of %d bytes, got %d", ErrMalformed, tagSize, tag)
	}
	return nil
}

type sealedValue struct {
	typ   Type
	nonce []byte
	data  []byte // ciphertext and tag, the form that crypto/cipher requires
}

// parseSealed decodes an encrypted value.
func parseSealed(s string) (sealedValue, error) {
	p, err := split(s)
	if err != nil {
		return sealedValue{}, err
	}
	// All three parts share one buffer, with the tag after the ciphertext.
	size := strict.DecodedLen(len(p.nonce)) + strict.DecodedLen(len(p.data)) + strict.DecodedLen(len(p.tag))
	buf, err1 := decode(make([]byte, 0, size), p.nonce)
	nonceEnd := len(buf)
	buf, err2 := decode(buf, p.data)
	dataEnd := len(buf)
	buf, err3 := decode(buf, p.tag)
	if err := checkParts(nonceEnd, dataEnd-nonceEnd, len(buf)-dataEnd, err1, err2, err3); err != nil {
		return sealedValue{}, err
	}
	return sealedValue{p.typ, buf[:nonceEnd], buf[nonceEnd:]}, nil
}

// strict rejects base64 with unused bits that are set. Otherwise one value would have two
// encodings.
var strict = base64.StdEncoding.Strict()

// decode appends the decoded bytes of s to b, which has enough capacity.
func decode(b []byte, s string) ([]byte, error) {
	var err error
	for s != "" && err == nil {
		b, s, err = decodeBlock(b, s)
	}
	return b, err
}

// decodedLen returns the length of the decoded bytes of s.
func decodedLen(s string) (n int, err error) {
	var room [blockSize]byte
	for s != "" && err == nil {
		var b []byte
		b, s, err = decodeBlock(room[:0], s)
		n += len(b)
	}
	return n, err
}

// blockSize is the number of bytes that are processed at a time, because a text may be as large as
// a file. It is a multiple of 3 and 4, so base64 can be split there.
const blockSize = 768

// decodeBlock appends the decoded bytes of the first block of s to b, which has enough capacity.
func decodeBlock(b []byte, s string) (_ []byte, rest string, err error) {
	var block [blockSize]byte
	n := copy(block[:], s)
	if bytes.IndexByte(block[:n], '\n') >= 0 || bytes.IndexByte(block[:n], '\r') >= 0 {
		return b, "", ErrMalformed // encoding/base64 skips line breaks
	}
	size, err := strict.Decode(b[len(b):cap(b)], block[:n])
	if err != nil || n < len(s) && size != strict.DecodedLen(n) { // padding before the end
		return b, "", ErrMalformed
	}
	return b[:len(b)+size], s[n:], nil
}

func (t Type) known() bool {
	switch t {
	case Str, Int, Float, Bool, Time, Comment:
		return true
	}
	return false
}

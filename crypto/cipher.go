package crypto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	nonceSize = 32 // sops uses 32 bytes where GCM's usual length is 12 (aes/cipher.go, nonceSize)
	tagSize   = 16
	prefix    = "ENC[AES256_GCM,data:"
)

var (
	// ErrMalformed says that a text is not a sealed value.
	ErrMalformed = errors.New("malformed sealed value")
	// ErrTampered says that a sealed value or a MAC does not authenticate:
	// it was changed, moved to another name, or sealed with another data key.
	ErrTampered = errors.New("does not authenticate")
)

// A ValueCipher seals and opens the values of one file. It is safe for
// concurrent use.
type ValueCipher struct{ gcm cipher.AEAD }

// NewValueCipher prepares AES-256-GCM for key.
func NewValueCipher(key DataKey) *ValueCipher {
	block, err := aes.NewCipher(key.hidden()[:])
	if err != nil {
		panic(err) // only for a wrong key length, which DataKey rules out
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, nonceSize)
	if err != nil {
		panic(err) // only for a nonce size of zero
	}
	return &ValueCipher{gcm: gcm}
}

// Format implements [fmt.Formatter], so that no verb reaches the expanded key.
func (*ValueCipher) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[value cipher]")) }

// Seal encrypts the canonical text of a value (see [Canonical]) under a fresh
// random nonce and returns the "ENC[…]" form. aad is the value's place in the
// file (see [AAD]). The empty text is not sealed: the format stores it as "".
func (c *ValueCipher) Seal(t Type, text, aad string) string {
	if text == "" {
		return ""
	}
	buf := make([]byte, nonceSize, nonceSize+len(text)+tagSize)
	rand.Read(buf)
	buf = append(buf, text...)
	out := c.gcm.Seal(buf[:nonceSize], buf[:nonceSize], buf[nonceSize:], []byte(aad)) // in place
	nonce, data, tag := out[:nonceSize], out[nonceSize:len(out)-tagSize], out[len(out)-tagSize:]

	enc := base64.StdEncoding
	var b strings.Builder
	b.Grow(len(prefix) + enc.EncodedLen(len(data)) + 100)
	b.WriteString(prefix)
	if len(data) > large { // a file sealed as one value: no second copy of its text
		w := base64.NewEncoder(enc, &b)
		_, _ = w.Write(data) // a Builder takes everything
		_ = w.Close()
	} else {
		b.WriteString(enc.EncodeToString(data))
	}
	b.WriteString(",iv:")
	b.WriteString(enc.EncodeToString(nonce))
	b.WriteString(",tag:")
	b.WriteString(enc.EncodeToString(tag))
	b.WriteString(",type:")
	b.WriteString(string(t))
	b.WriteByte(']')
	return b.String()
}

// Open decrypts what [ValueCipher.Seal] or sops made, and returns the type and
// the canonical text. Errors are [ErrMalformed] and [ErrTampered]; neither
// carries any part of the value.
func (c *ValueCipher) Open(sealed, aad string) (Type, string, error) {
	if sealed == "" {
		return Str, "", nil
	}
	v, err := parseSealed(sealed)
	if err != nil {
		return "", "", err
	}
	plain, err := c.gcm.Open(v.data[:0], v.nonce, v.data, []byte(aad)) // in place: v is ours
	if err != nil {
		return "", "", ErrTampered
	}
	text, err := Canonical(v.typ, string(plain))
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return v.typ, text, nil
}

// IsSealed reports whether text has the form of a sealed value, without opening it.
func IsSealed(text string) bool {
	_, err := parseSealed(text)
	return err == nil
}

// SealedType returns the type and the length in bytes of a sealed value. Both
// are public: the type is not authenticated until the value is opened with its MAC.
func SealedType(sealed string) (t Type, length int, err error) {
	v, err := parseSealed(sealed)
	if err != nil {
		return "", 0, err
	}
	return v.typ, len(v.data) - tagSize, nil
}

type sealedValue struct {
	typ   Type
	nonce []byte
	data  []byte // ciphertext and tag, as crypto/cipher wants them
}

// parseSealed takes ENC[AES256_GCM,data:…,iv:…,tag:…,type:…] apart. It is
// stricter than sops, which accepts text after the bracket and any nonce length.
func parseSealed(s string) (sealedValue, error) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return sealedValue{}, ErrMalformed
	}
	rest, ok = strings.CutSuffix(rest, "]")
	if !ok {
		return sealedValue{}, ErrMalformed
	}
	data, rest, ok1 := strings.Cut(rest, ",iv:")
	iv, rest, ok2 := strings.Cut(rest, ",tag:")
	tag, typ, ok3 := strings.Cut(rest, ",type:")
	if !ok1 || !ok2 || !ok3 {
		return sealedValue{}, ErrMalformed
	}
	v := sealedValue{typ: Type(typ)}
	if !v.typ.known() {
		return sealedValue{}, fmt.Errorf("%w: unknown type", ErrMalformed)
	}
	// All three parts share one buffer, the tag behind the ciphertext.
	size := strict.DecodedLen(len(iv)) + strict.DecodedLen(len(data)) + strict.DecodedLen(len(tag))
	buf, err1 := decode(make([]byte, 0, size), iv)
	ivEnd := len(buf)
	buf, err2 := decode(buf, data)
	dataEnd := len(buf)
	buf, err3 := decode(buf, tag)
	if err1 != nil || err2 != nil || err3 != nil || dataEnd == ivEnd {
		return sealedValue{}, fmt.Errorf("%w: broken base64", ErrMalformed)
	}
	v.nonce, v.data = buf[:ivEnd], buf[ivEnd:]
	if len(v.nonce) != nonceSize {
		return sealedValue{}, fmt.Errorf("%w: nonce of %d bytes, want %d", ErrMalformed, len(v.nonce), nonceSize)
	}
	if n := len(buf) - dataEnd; n != tagSize {
		return sealedValue{}, fmt.Errorf("%w: tag of %d bytes, want %d", ErrMalformed, n, tagSize)
	}
	return v, nil
}

// strict refuses base64 whose unused bits are set: two texts for one value.
var strict = base64.StdEncoding.Strict()

// decode appends what s stands for to b.
func decode(b []byte, s string) ([]byte, error) {
	if strings.IndexByte(s, '\n') >= 0 || strings.IndexByte(s, '\r') >= 0 {
		return b, ErrMalformed // encoding/base64 skips line ends
	}
	if len(s) <= large {
		return strict.AppendDecode(b, []byte(s))
	}
	r := base64.NewDecoder(strict, strings.NewReader(s))
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil, n == 0:
			return b, ErrMalformed
		}
	}
}

// large is the size in bytes from which a value is not copied needlessly.
const large = 1 << 20

func (t Type) known() bool {
	switch t {
	case Str, Int, Float, Bool, Time, Comment:
		return true
	}
	return false
}

package crypto

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// DataKeySize is the length of a data key in bytes (AES-256).
const DataKeySize = 32

// ErrDataKeySize says that a recovered secret is not a data key.
var ErrDataKeySize = errors.New("data key is not 32 bytes long")

// A DataKey is the secret that seals the values of one file. It prints as
// "[data key]" whatever the verb; [DataKey.Bytes] is the only way to the bytes.
// The zero value holds no key.
type DataKey struct {
	// In an unexported field, fmt cannot call [DataKey.Format] but walks the
	// value, and for a wrong verb (%s, %t ...) follows pointers. It does not look
	// into a closure.
	hidden func() *[DataKeySize]byte
}

// NewDataKey draws a fresh key from the operating system's random source.
func NewDataKey() DataKey {
	b := new([DataKeySize]byte)
	rand.Read(b[:]) // never fails since Go 1.24: the runtime aborts instead
	return DataKey{func() *[DataKeySize]byte { return b }}
}

// ParseDataKey copies b, which must be 32 bytes long.
func ParseDataKey(b []byte) (DataKey, error) {
	if len(b) != DataKeySize {
		return DataKey{}, fmt.Errorf("%w: got %d", ErrDataKeySize, len(b))
	}
	own := [DataKeySize]byte(b)
	return DataKey{func() *[DataKeySize]byte { return &own }}, nil
}

// Bytes returns a copy of the key. Wrap it, then let it go.
func (k DataKey) Bytes() []byte { return append([]byte(nil), k.hidden()[:]...) }

// IsZero reports whether k holds no key.
func (k DataKey) IsZero() bool { return k.hidden == nil }

const redacted = "[data key]"

// Format implements [fmt.Formatter], so that no verb reaches the bytes.
func (DataKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText implements [encoding.TextMarshaler] for JSON and its like.
func (DataKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

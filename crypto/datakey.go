package crypto

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// DataKeySize is the length of a data key in bytes (AES-256).
const DataKeySize = 32

// ErrDataKeySize is returned when a recovered secret does not have the length of a data key.
var ErrDataKeySize = errors.New("data key is not 32 bytes long")

// A DataKey is the key that encrypts the values of one file. Every verb prints it as "[data key]".
// Only [DataKey.Bytes] returns its bytes. The zero value holds no key.
type DataKey struct {
	// fmt cannot call [DataKey.Format] on an unexported field. It prints the fields instead, and
	// for a wrong verb (%s, %t ...) it follows pointers. It does not look into a closure.
	hidden func() *[DataKeySize]byte
}

// NewDataKey returns a new key from the operating system's random source.
func NewDataKey() DataKey {
	b := new([DataKeySize]byte)
	rand.Read(b[:]) // never fails since Go 1.24: the runtime aborts instead
	return DataKey{func() *[DataKeySize]byte { return b }}
}

// ParseDataKey returns a key with a copy of b, which must be 32 bytes long.
func ParseDataKey(b []byte) (DataKey, error) {
	if len(b) != DataKeySize {
		return DataKey{}, fmt.Errorf("%w: got %d", ErrDataKeySize, len(b))
	}
	own := [DataKeySize]byte(b)
	return DataKey{func() *[DataKeySize]byte { return &own }}, nil
}

// Bytes returns a copy of the key. Do not keep the copy after wrapping it.
func (k DataKey) Bytes() []byte { return append([]byte(nil), k.hidden()[:]...) }

// IsZero reports whether k holds no key.
func (k DataKey) IsZero() bool { return k.hidden == nil }

const redacted = "[data key]"

// Format implements [fmt.Formatter], so that no verb prints the bytes.
func (DataKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText implements [encoding.TextMarshaler], for JSON for example.
func (DataKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

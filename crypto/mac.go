package crypto

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"hash"
	"strings"
)

// AAD returns the additional data of a value that stands under path, the names
// of the maps around it from the document's root. Positions in lists do not
// count, and names are not escaped: that is the format (sops.go, Encrypt).
func AAD(path []string) string { return strings.Join(path, ":") + ":" }

// A MAC collects the values of a file in document order. The format hashes bare
// values: not names, structure, types, comments or nulls.
type MAC struct {
	h     hash.Hash
	block [blockSize]byte
}

// NewMAC starts a MAC. With onlySealed, the file says mac_only_encrypted and the
// caller adds sealed values only; the start value is then another one, so that
// the two kinds never agree.
func NewMAC(onlySealed bool) *MAC {
	m := &MAC{h: sha512.New()}
	if onlySealed {
		start := sha256.Sum256([]byte("sops")) // MACOnlyEncryptedInitialization in sops.go
		m.h.Write(start[:])
	}
	return m
}

// Add appends the canonical text of one value.
func (m *MAC) Add(text string) {
	for len(text) > 0 { // in blocks: it may be as large as a file
		n := copy(m.block[:], text)
		m.h.Write(m.block[:n])
		text = text[n:]
	}
}

// Seal returns the MAC sealed under lastModified, which must be the very text
// that the file will hold (RFC 3339, UTC).
func (m *MAC) Seal(c *ValueCipher, lastModified string) string {
	return c.Seal(Str, m.sum(), lastModified)
}

// Verify compares with the file's MAC. The error is [ErrTampered] or [ErrMalformed].
func (m *MAC) Verify(c *ValueCipher, sealed, lastModified string) error {
	_, want, err := c.Open(sealed, lastModified)
	if err != nil {
		return fmt.Errorf("open mac: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(m.sum())) != 1 {
		return fmt.Errorf("mac: %w", ErrTampered)
	}
	return nil
}

func (m *MAC) sum() string { return fmt.Sprintf("%X", m.h.Sum(nil)) }

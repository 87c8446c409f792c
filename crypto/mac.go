package crypto

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"hash"
	"strings"
)

// AAD returns the additional data of the value at path, the names of the maps from the document's
// root and of the value. List positions are left out, and names are not escaped: that is the format
// (sops.go, Encrypt).
func AAD(path []string) string { return strings.Join(path, ":") + ":" }

// A MAC collects the values of a file in document order. The format hashes only the values: it does
// not hash names, structure, types, comments or nulls.
type MAC struct {
	h     hash.Hash
	block [blockSize]byte
}

// NewMAC returns an empty MAC. onlySealed corresponds to mac_only_encrypted: the caller must add
// encrypted values only. It changes the start value, so that the two kinds of MAC never match.
func NewMAC(onlySealed bool) *MAC {
	m := &MAC{h: sha512.New()}
	if onlySealed {
		start := sha256.Sum256([]byte("sops")) // MACOnlyEncryptedInitialization in sops.go
		m.h.Write(start[:])
	}
	return m
}

// Add adds the canonical text of one value.
func (m *MAC) Add(text string) {
	for len(text) > 0 { // in blocks: it may be as large as a file
		n := copy(m.block[:], text)
		m.h.Write(m.block[:n])
		text = text[n:]
	}
}

// Seal returns the encrypted MAC, bound to lastModified. lastModified must be exactly the text that
// the file will contain (RFC 3339, UTC).
func (m *MAC) Seal(c *ValueCipher, lastModified string) string {
	return c.Seal(Str, m.sum(), lastModified)
}

// Verify compares the MAC with the file's MAC. It returns [ErrTampered] or [ErrMalformed] if it
// fails.
func (m *MAC) Verify(c *ValueCipher, sealed, lastModified string) error {
	_, want, err := c.Open(sealed, lastModified)
	if err != nil {
		return fmt.Errorf("decrypt the mac: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(m.sum())) != 1 {
		return fmt.Errorf("mac: %w", ErrTampered)
	}
	return nil
}

func (m *MAC) sum() string { return fmt.Sprintf("%X", m.h.Sum(nil)) }

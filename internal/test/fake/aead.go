package fake

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
)

// An AEAD is a symmetric key that never leaves its service: AES-256-GCM with a new
// nonce for each plaintext.
type AEAD struct{ gcm cipher.AEAD }

// NewAEAD makes a key.
func NewAEAD() *AEAD {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return &AEAD{gcm}
}

// Seal encrypts a plaintext. It authenticates bound with it.
func (a *AEAD) Seal(plain []byte, bound string) []byte {
	return a.gcm.Seal(nil, nil, plain, []byte(bound))
}

// Open decrypts a ciphertext of Seal.
func (a *AEAD) Open(sealed []byte, bound string) ([]byte, error) {
	plain, err := a.gcm.Open(nil, nil, sealed, []byte(bound))
	if err != nil {
		return nil, errors.New("the text was not made with this key")
	}
	return plain, nil
}

// RandomID makes a name of so many random bytes, in hexadecimal.
func RandomID(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

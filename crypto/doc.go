// Package crypto answers one question: how is one value sealed, and how is a
// file authenticated?
//
// It implements the value encryption of the SOPS file format
// (https://github.com/getsops/sops, aes/cipher.go): AES-256-GCM with a 32-byte
// random nonce for each value, and a SHA-512 digest over all values that is
// itself sealed under the time of the last change. It knows nothing of files,
// formats or recipients.
package crypto

// Package crypto encrypts and decrypts single values, and authenticates files.
//
// It implements the value encryption of the SOPS file format (https://github.com/getsops/sops,
// aes/cipher.go): AES-256-GCM with a 32-byte random nonce for each value, and a SHA-512 digest over
// all values. The digest is encrypted with the time of the last change as additional data. The
// package does not depend on files, formats or recipients.
package crypto

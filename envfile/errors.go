package envfile

import (
	"errors"
)

var (
	// ErrAlreadySealed is returned when a plaintext file is expected but the file has metadata.
	ErrAlreadySealed = errors.New("already encrypted")
	// ErrNotSealed is returned when an encrypted file is expected but the file has no metadata.
	ErrNotSealed = errors.New("not an encrypted file: it has no sops metadata")
	// ErrIntegrity is returned when a value, the MAC or the binding of an encrypted file fails
	// authentication: the file was changed without its data key.
	ErrIntegrity = errors.New("integrity check failed")
	// ErrSeveralFiles is returned, together with ErrIntegrity, when documents of several files are
	// joined: each file must be decrypted separately.
	ErrSeveralFiles = errors.New("documents of several files")
	// ErrUnencrypted is returned, together with ErrIntegrity, for an unencrypted value that the
	// rules of the file encrypt.
	ErrUnencrypted = errors.New("unencrypted value")
	// ErrMAC is returned, together with ErrIntegrity, when every value authenticates but the MAC of
	// the file does not.
	ErrMAC = errors.New("wrong mac")
)

// silent wraps an error without adding to the message.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

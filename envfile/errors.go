package envfile

import (
	"errors"
	"fmt"
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

// A SyntaxError reports the position at which a file is malformed or the format cannot represent
// it. Its text never contains a value.
type SyntaxError struct {
	Line, Column int // from 1; Column is 0 if unknown
	Reason       string
	Conflict     bool // the file contains merge conflict markers
	Repeats      bool // a name occurs more than once
}

func (e *SyntaxError) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

func syntaxError(n *Node, format string, args ...any) error {
	return &SyntaxError{Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)}
}

// silent wraps an error without adding to the message.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

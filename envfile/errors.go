package envfile

import (
	"bytes"
	"errors"

	"github.com/sealcfg/sealcfg/envfile/tree"
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

// orConflict returns an error about merge conflict markers if src contains them. Otherwise it
// returns err. A parser fails at a later line, with a different error in each format.
func orConflict(src []byte, err error) error {
	var syntax *tree.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	begins, n := 0, 0
	for line := range bytes.Lines(src) {
		n++
		switch {
		case begins == 0 && bytes.HasPrefix(line, []byte("<<<<<<< ")):
			begins = n
		case begins > 0 && bytes.HasPrefix(line, []byte(">>>>>>> ")):
			return &tree.SyntaxError{Line: begins, Reason: "unresolved merge conflict", Conflict: true}
		}
	}
	return err
}

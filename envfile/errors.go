package envfile

import (
	"errors"
	"fmt"
)

var (
	// ErrAlreadySealed says that a text that should be plain has a metadata block.
	ErrAlreadySealed = errors.New("already sealed")
	// ErrNotSealed says that a text that should be sealed has no metadata block.
	ErrNotSealed = errors.New("not a sealed file: it has no sops metadata")
	// ErrIntegrity says that a sealed file does not authenticate: a value, the
	// MAC or the metadata was changed by somebody without the data key.
	ErrIntegrity = errors.New("integrity check failed")
	// ErrSeveralFiles is returned, together with ErrIntegrity, for a text in which documents
	// of several files follow each other: each file has to be decrypted by itself.
	ErrSeveralFiles = errors.New("documents of several files")
	// ErrUnencrypted is returned, together with ErrIntegrity, for an unencrypted value
	// that the rules of the file encrypt.
	ErrUnencrypted = errors.New("unencrypted value")
	// ErrMAC says, together with ErrIntegrity, that every value authenticates but
	// not the file as a whole.
	ErrMAC = errors.New("the mac does not fit")
)

// A SyntaxError says where a text is broken or cannot be carried by the format.
// Its text never contains a value.
type SyntaxError struct {
	Line, Column int // from 1; Column 0 if it is not known
	Reason       string
	Conflict     bool // the text holds the marks of a merge that was not finished
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

// silent marks an error as one of a kind without adding to its text.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

package envfile

import (
	"bytes"
	"errors"

	"github.com/sealcfg/sealcfg/envfile/tree"
)

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

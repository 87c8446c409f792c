package envfile

import (
	"bytes"
	"errors"
)

// orConflict gives the reason that matters when a text is broken because git has
// left both sides of a merge in it: a parser stumbles over the marks at
// some line behind them and says something else in each format.
func orConflict(src []byte, err error) error {
	var syntax *SyntaxError
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
			return &SyntaxError{Line: begins, Reason: "git has left both sides of a merge here", Conflict: true}
		}
	}
	return err
}

package tree

import "fmt"

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

func ErrorAt(n *Node, format string, args ...any) error {
	return &SyntaxError{Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)}
}

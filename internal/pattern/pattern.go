// Package pattern holds regular expressions that are compiled when they are
// first asked for: a command that starts and ends in milliseconds, and a program
// that imports a library of ours, should not pay for those that they never use.
package pattern

import (
	"regexp"
	"sync"
)

// New returns what compiles expr once, when it is first called, and panics then
// if expr is not a regular expression. It is safe for concurrent use.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

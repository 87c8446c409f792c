// Package pattern compiles regular expressions on first use. Short commands, and
// programs that import this module, then do not compile expressions that they never
// use.
package pattern

import (
	"regexp"
	"sync"
)

// New returns a function that compiles expr when it is first called. It then panics
// if expr is not a regular expression. It is safe for concurrent use.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

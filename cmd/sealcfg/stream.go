package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/sealcfg/sealcfg/internal/pattern"
)

// openFiles matches the names that open files have in /dev and /proc.
var openFiles = pattern.New(`^(/dev/(stdin|stdout|stderr|fd/[0-9]+)|/proc/(self|thread-self|[0-9]+)(/task/[0-9]+)?/fd/[0-9]+)$`)

// isStream reports whether a path names an open file, also by way of links: of
// <(...), for example. Its target differs between a redirection and a pipe.
func isStream(path string) bool {
	for range 40 { // as many links as Linux follows
		if openFiles().MatchString(path) {
			return true
		}
		target, err := os.Readlink(path)
		if err != nil {
			return false
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = filepath.Clean(target)
	}
	return false
}

// stdinArgument returns [stdio] for the names of stdin, and other arguments unchanged.
func stdinArgument(arg string) string {
	if slices.Contains([]string{"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}, arg) {
		return stdio
	}
	return arg
}

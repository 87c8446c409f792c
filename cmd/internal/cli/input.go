package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/bounded"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// maxStream is how many bytes are read from a pipe or a device, which may be endless.
const maxStream = 256 << 20

// ReadFile reads a file of any kind. A signal ends the wait for a pipe.
func ReadFile(ctx context.Context, path string) ([]byte, error) {
	text, err := bounded.Any(ctx, func() (*os.File, error) { return atomicfile.Open(path) }, maxStream)
	return text, interruption(ctx, err)
}

// ReadStream reads stdin to its end. A signal ends the wait.
func ReadStream(ctx context.Context, r io.Reader) ([]byte, error) {
	text, err := bounded.All(ctx, r, maxStream)
	return text, interruption(ctx, err)
}

func interruption(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ErrInterrupted
	}
	return err
}

// openFiles matches the names that open files have in /dev and /proc.
var openFiles = pattern.New(`^(/dev/(stdin|stdout|stderr|fd/[0-9]+)|/proc/(self|thread-self|[0-9]+)(/task/[0-9]+)?/fd/[0-9]+)$`)

// IsStream reports whether a path names an open file, also by way of links: of
// <(...), for example. Its target differs between a redirection and a pipe.
func IsStream(path string) bool {
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

// StdinArgument returns [stdio] for the names of stdin, and other arguments unchanged.
func StdinArgument(arg string) string {
	if slices.Contains([]string{"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}, arg) {
		return Stdio
	}
	return arg
}

// Stdio is the argument that stands for stdin, and for stdout after -o.
const Stdio = "-"

package main

import (
	"context"
	"io"
	"os"

	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/bounded"
)

// maxStream is how many bytes are read from a pipe or a device, which may be endless.
const maxStream = 256 << 20

// readAny reads a file of any kind. A signal ends the wait for a pipe.
func readAny(ctx context.Context, path string) ([]byte, error) {
	text, err := bounded.Any(ctx, func() (*os.File, error) { return atomicfile.Open(path) }, maxStream)
	return text, interruption(ctx, err)
}

// readStream reads stdin to its end. A signal ends the wait.
func readStream(ctx context.Context, r io.Reader) ([]byte, error) {
	text, err := bounded.All(ctx, r, maxStream)
	return text, interruption(ctx, err)
}

func interruption(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// Package bounded reads files, streams and the output of commands that a person
// names. It stops at a limit and at the end of a context, so that neither an
// endless file nor a silent pipe holds a program up.
package bounded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/internal/regular"
)

// deviceLimit limits how much is read from a device: a person types less, and
// /dev/zero does not fill the memory.
const deviceLimit = 1 << 20

// File returns the contents of the regular file at path. It also reads an open
// file of this process that path names as /dev/stdin, /dev/fd/N or
// /proc/self/fd/N, even a pipe: shells pass <(command) like this. The null
// device is empty.
func File(ctx context.Context, path string, limit int64) ([]byte, error) {
	if harmless(path) {
		text, err := read(ctx, limit, func() (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|nonblock, 0) })
		if int64(len(text)) > limit { // a regular file that the shell has opened
			return nil, regular.TooLarge(limit)
		}
		return text, err
	}
	return wait(ctx, func() ([]byte, error) { return regular.Read(path, limit) }, nothing)
}

// Any returns the contents of the file of any kind that open opens. open may wait for
// the writer of a named pipe. Any reads a regular file as a whole, and at most limit
// bytes of a pipe or a device.
func Any(ctx context.Context, open func() (*os.File, error), limit int64) ([]byte, error) {
	return read(ctx, limit, open)
}

// All returns the contents of r up to its end. If ctx ends first, the read
// continues in the background until r returns.
func All(ctx context.Context, r io.Reader, limit int64) ([]byte, error) {
	return wait(ctx, func() ([]byte, error) { return upTo(r, limit) }, nothing)
}

// harmless reports whether File reads a path that is not a regular file: the null
// device, or an open file of this process.
func harmless(path string) bool {
	path = filepath.Clean(path)
	dir, name := filepath.Split(path)
	switch dir {
	case "/dev/":
		return name == "stdin" || path == os.DevNull
	case "/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/":
		return strings.Trim(name, "0123456789") == ""
	}
	return false
}

// read closes the file when ctx ends, which ends the read from a pipe.
func read(ctx context.Context, limit int64, open func() (*os.File, error)) ([]byte, error) {
	opened := make(chan *os.File, 1)
	return wait(ctx, func() ([]byte, error) {
		f, err := open()
		if err != nil {
			return nil, err
		}
		opened <- f
		defer func() { _ = f.Close() }() // it was only read
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch info, err := f.Stat(); {
		case err == nil && info.Mode().IsRegular():
			return io.ReadAll(f)
		case err == nil && info.Mode()&os.ModeDevice != 0: // a terminal, or an endless one
			return upTo(f, min(limit, deviceLimit))
		}
		return upTo(f, limit)
	}, func() {
		select {
		case f := <-opened:
			_ = f.Close()
		default: // the goroutine checks ctx once it has opened the file
		}
	})
}

func upTo(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > limit:
		return nil, regular.TooLarge(limit)
	}
	return text, nil
}

// wait returns the result of do. If ctx ends first, it calls stop and returns the
// error of ctx.
func wait(ctx context.Context, do func() ([]byte, error), stop func()) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := do()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		stop()
		return nil, ctx.Err()
	}
}

func nothing() {}

// Output runs the command argv and returns its output, at most limit bytes.
// It ends the command at the limit and when ctx ends. setup prepares the command.
// Errors do not contain argv: a person may have put a key there.
func Output(ctx context.Context, argv []string, limit int64, setup func(*exec.Cmd)) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = time.Second // its children may hold its output open
	out := &buffer{limit: limit, full: func() { _ = cmd.Process.Kill() }}
	cmd.Stdout = out
	setup(cmd)
	err := cmd.Run()
	var lookup *exec.Error
	var start *fs.PathError
	switch {
	case out.err != nil:
		return nil, out.err
	case ctx.Err() != nil && err != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrWaitDelay): // it succeeded, but a child is still running
		return out.text.Bytes(), nil
	case errors.As(err, &lookup):
		return nil, fmt.Errorf("find the command: %w", lookup.Err)
	case errors.As(err, &start):
		return nil, fmt.Errorf("start the command: %w", start.Err)
	case err != nil:
		return nil, err
	}
	return out.text.Bytes(), nil
}

// A buffer holds at most limit bytes, and calls full once there are more.
type buffer struct {
	limit int64
	full  func()
	text  bytes.Buffer
	err   error
}

func (b *buffer) Write(p []byte) (int, error) {
	if b.err == nil && int64(b.text.Len()+len(p)) > b.limit {
		b.err = regular.TooLarge(b.limit)
		b.full()
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.text.Write(p)
}

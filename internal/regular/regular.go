// Package regular reads small files that come with a repository. A device, a pipe
// or a huge file in their place must not block or exhaust the program.
package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

var (
	// ErrNotRegular is returned for a directory, a pipe, a device or a socket.
	ErrNotRegular = errors.New("not a regular file")
	// ErrTooLarge is returned for a file that has more bytes than allowed.
	ErrTooLarge = errors.New("file too large")
)

// Read returns the contents of a regular file of at most max bytes. It follows
// symbolic links.
func Read(path string, max int64) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: opening a device can have effects
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refused(path, ErrNotRegular)
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, path, max)
}

// ReadIn is [Read] for a file of fsys.
func ReadIn(fsys fs.FS, name string, max int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name) // before it is opened: to open a FIFO can block
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refused(name, ErrNotRegular)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, name, max)
}

// read checks the open file: another file may have replaced the one at path.
func read(f fs.File, path string, max int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refused(path, ErrNotRegular)
	}
	src, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(src)) > max {
		return nil, refused(path, fmt.Errorf("%w: more than %s", ErrTooLarge, size(max)))
	}
	return src, err
}

func refused(path string, err error) error { return &fs.PathError{Op: "read", Path: path, Err: err} }

func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

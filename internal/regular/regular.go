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
	info, err := os.Stat(path)
	return read(info, err, func() (fs.File, error) { return open(path) }, path, max)
}

// ReadIn is [Read] for a file of fsys.
func ReadIn(fsys fs.FS, name string, max int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	return read(info, err, func() (fs.File, error) { return fsys.Open(name) }, name, max)
}

// read takes the result of a stat before the file is opened: to open a pipe can block, and
// to open a device can have effects.
func read(info fs.FileInfo, err error, open func() (fs.File, error), path string, max int64) ([]byte, error) {
	if err := check(info, err, path); err != nil {
		return nil, err
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err = f.Stat() // another file may have replaced the one at path
	if err := check(info, err, path); err != nil {
		return nil, err
	}
	src, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(src)) > max {
		return nil, refused(path, TooLarge(max))
	}
	return src, err
}

func check(info fs.FileInfo, err error, path string) error {
	if err == nil && !info.Mode().IsRegular() {
		err = refused(path, ErrNotRegular)
	}
	return err
}

func refused(path string, err error) error { return &fs.PathError{Op: "read", Path: path, Err: err} }

// TooLarge returns [ErrTooLarge] with the number of bytes that are allowed.
func TooLarge(max int64) error {
	if max >= 1<<20 {
		return fmt.Errorf("%w: more than %d MB", ErrTooLarge, max>>20)
	}
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)
}

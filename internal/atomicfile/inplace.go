package atomicfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// overwrite writes data into the file itself. cause is the error of replacing it.
func overwrite(ctx context.Context, target string, data []byte, old fs.FileInfo, opt Options, cause error) (err error) {
	f, openErr := os.OpenFile(target, os.O_RDWR, 0)
	switch {
	case openErr != nil && errors.Is(cause, bare(openErr)): // neither may be written
		return cause
	case openErr != nil:
		return fmt.Errorf("%w; write it in place: %w", mounted(cause), bare(openErr))
	}
	written := false
	defer func() {
		switch closeErr := bare(f.Close()); {
		case closeErr == nil:
		case written:
			err = fmt.Errorf("%w: close it: %w", ErrInPlace, closeErr)
		default:
			err = errors.Join(err, closeErr)
		}
	}()
	// The file may also be mounted in another directory, which has a different lock.
	if _, err := lockFile(ctx, f, lockWait); err != nil {
		return err
	}
	before, err := io.ReadAll(f)
	if err != nil {
		return bare(err)
	}
	now, err := f.Stat()
	if err != nil {
		return bare(err)
	}
	if !os.SameFile(old, now) || opt.IfUnchanged != nil && !bytes.Equal(before, opt.IfUnchanged) {
		return ErrChanged
	}
	if opt.Private {
		if err := f.Chmod(now.Mode().Perm() & 0o700); err != nil {
			return fmt.Errorf("make it private: %w", bare(err))
		}
	}
	done, err := opt.InPlace()
	if err != nil {
		return fmt.Errorf("keep a copy: %w", err)
	}
	if err := fillIn(f, data, len(before)); err != nil {
		if restore(f, before) != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		done(false)
		return err
	}
	written = true
	if err := f.Sync(); err != nil { // the copy stays: a power cut can still damage the file
		return fmt.Errorf("%w: flush it: %w", ErrInPlace, bare(err))
	}
	done(true)
	return nil
}

// fillIn makes data the contents of a file of the given size. If the file grows, it
// writes the end first: a full disk is noticed while the beginning is untouched.
func fillIn(f *os.File, data []byte, size int) error {
	if len(data) > size {
		if _, err := f.WriteAt(data[size:], int64(size)); err != nil {
			return bare(err)
		}
		if err := f.Sync(); err != nil {
			return bare(err)
		}
	}
	if _, err := f.WriteAt(data[:min(len(data), size)], 0); err != nil {
		return bare(err)
	}
	return bare(f.Truncate(int64(len(data))))
}

// restore makes before the contents of a file that fillIn has left half written. It
// does not write again if the contents are right: the disk may be full.
func restore(f *os.File, before []byte) error {
	if err := f.Truncate(int64(len(before))); err != nil {
		return err
	}
	now, err := io.ReadAll(io.NewSectionReader(f, 0, int64(len(before))))
	if err == nil && bytes.Equal(now, before) {
		return f.Sync()
	}
	if _, err := f.WriteAt(before, 0); err != nil {
		return err
	}
	return f.Sync()
}

// mounted adds ErrMounted to the error of a file that is a mount point.
func mounted(err error) error {
	var replace *renameError
	if errors.As(err, &replace) {
		return fmt.Errorf("%w: %w", ErrMounted, replace.err)
	}
	return err
}

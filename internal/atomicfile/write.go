// Package atomicfile replaces a file in one step: readers always find the complete
// old or the complete new content, even after a crash.
package atomicfile

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	// ErrChanged reports that the file does not have the content in
	// Options.IfUnchanged.
	ErrChanged = errors.New("the file changed in the meantime")
	// ErrExists reports that the path exists although Options.NoClobber is set. It
	// is also an [fs.ErrExist].
	ErrExists = fmt.Errorf("the path is taken: %w", fs.ErrExist)
	// ErrNotRegular reports that the path leads to a directory, a device or a pipe.
	ErrNotRegular = errors.New("not a regular file")
	// ErrInPlace is the one error after which the new content is in place:
	// either the directory could not be flushed, so a power cut may bring the
	// old content back, or the temporary name of a new file could not be removed.
	ErrInPlace = errors.New("the new file is in place, but not all is done")
	// ErrMounted is returned for a file that cannot be replaced because it is a
	// mount point, when Options.InPlace is nil.
	ErrMounted = errors.New("it is a mount point and cannot be replaced")
	// ErrDamaged is returned when Write stopped in the middle of a file that it
	// wrote in place, and could not restore the old contents. The copy that
	// Options.InPlace has made stays.
	ErrDamaged = errors.New("the file is damaged")
)

// A LockedError is returned when another program holds the lock of the directory.
type LockedError struct{ Path string }

func (e *LockedError) Error() string { return "another program has locked " + e.Path }

// Options are the conditions of a [Write]. The zero value replaces or creates.
type Options struct {
	// Mode holds the permission bits of a file that does not exist yet, from
	// which the umask is subtracted; 0 means 0644. A file that exists keeps its own.
	Mode fs.FileMode
	// Private removes all rights of group and others, also from an existing file.
	// Use it for plaintext.
	Private bool
	// IfUnchanged, if not nil, is the required content of the file at the moment it
	// is replaced. Otherwise Write fails with [ErrChanged]; a removed file has also
	// changed. An empty slice requires an empty file. Write only reads the slice.
	IfUnchanged []byte
	// NoClobber requires that the path does not exist, not even as a dangling link.
	// Otherwise Write fails with [ErrExists]. It excludes IfUnchanged.
	NoClobber bool
	// InPlace, if not nil, lets Write overwrite a file that it cannot replace: a
	// single file that is mounted into a container, or one whose directory is not
	// writable. A reader, and a crash, may then find half of it. So InPlace is
	// called first, and keeps a copy from which the file can be restored. done is
	// called when the file is complete again, with the new contents or with the old
	// ones, and removes the copy.
	InPlace func() (done func(written bool), err error)
}

// TempPattern matches the names of the temporary files, in the syntax of .gitignore
// and [filepath.Match]. The temporary file of a killed process stays until another
// process writes a file in the same directory.
const TempPattern = ".*.sealcfg-*"

// Write replaces the content of the file at path with data. It writes a temporary
// file in the same directory, flushes it, renames it over the old one and flushes
// the directory. On every error except [ErrInPlace], the old file is unchanged and
// the temporary file is removed.
//
// A link at path stays a link, and its target is replaced. The mode is kept, and
// owner and group where the system permits it. If the group cannot be kept, the new
// group gets no more rights than others have. On Linux and macOS, extended
// attributes are kept as far as file system and rights allow; on Linux, access
// control lists and SELinux labels are among them. Hard links are not kept.
//
// Write may be called concurrently. Calls of Write on files of one directory, also
// from other processes, run one after another, so of two writers with the same
// IfUnchanged one fails. (Where the file system has no locks, that holds within one
// process.) Another program may still write the file between compare and rename.
// The first call that has the directory to itself removes the temporary files of
// killed processes.
//
// The end of ctx ends only the wait for the lock, because the steps after it are
// short. Catch signals during the call.
func Write(ctx context.Context, path string, data []byte, opt Options) error {
	if err := write(ctx, path, data, opt); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func write(ctx context.Context, path string, data []byte, opt Options) error {
	if opt.NoClobber && opt.IfUnchanged != nil {
		return errors.New("both NoClobber and IfUnchanged are demanded")
	}
	target, old, err := resolve(path, opt.NoClobber)
	if err != nil {
		return err
	}
	if old != nil {
		if err := replaceable(old); err != nil {
			return err
		}
	}
	dir := filepath.Dir(target)
	lock, err := lockDir(ctx, dir)
	if err != nil {
		return err
	}
	defer lock.unlock()
	lock.sweep()
	// Fail early: to write the temporary file can take a while. replace checks again.
	if err := check(path, opt); err != nil {
		return err
	}
	temp := filepath.Join(dir, tempName(filepath.Base(target)))
	var leftover error // of the temporary file
	err = fill(temp, target, data, old, opt)
	if err == nil {
		if err = replace(path, temp, target, opt); err == nil {
			return flushed(dir)
		}
		// Gone already if it is in place under its new name and only the old one stays.
		if rmErr := os.Remove(temp); !errors.Is(rmErr, fs.ErrNotExist) {
			leftover = bare(rmErr)
		}
	}
	switch {
	case old == nil || !cannotReplace(err):
		return errors.Join(err, leftover)
	case opt.InPlace == nil:
		return errors.Join(mounted(err), leftover)
	}
	if err := overwrite(ctx, target, data, old, opt, err); err != nil || leftover == nil {
		return errors.Join(err, leftover)
	}
	return fmt.Errorf("%w: remove its temporary file: %w", ErrInPlace, leftover)
}

// flushed flushes a directory in which a file was replaced.
func flushed(dir string) error {
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("%w: flush the directory: %w", ErrInPlace, err)
	}
	return nil
}

// lockWait bounds the wait for a lock that is held while one file is written, by
// perhaps many processes one after another.
const lockWait = 30 * time.Second

// fill writes a temporary file with the content, mode, owner and attributes of the
// new target.
func fill(temp, target string, data []byte, old fs.FileInfo, opt Options) (err error) {
	perm := opt.Mode.Perm()
	switch {
	case old != nil:
		perm = 0o600 // until the owner is right, other users must not be able to open it
	case perm == 0:
		perm = 0o644
	}
	if opt.Private {
		perm &= 0o700
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return &dirError{bare(err)}
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, bare(os.Remove(temp)))
		}
	}()
	if old != nil {
		mode := keepOwner(f, old)
		if opt.Private {
			mode &= 0o700
		}
		if err := keepAttributes(f, target, opt.Private); err != nil {
			return err
		}
		if err := f.Chmod(mode); err != nil {
			return fmt.Errorf("give it the old mode: %w", bare(err))
		}
	}
	if _, err := f.Write(data); err != nil {
		return bare(err)
	}
	return bare(f.Sync())
}

// A dirError reports that no file can be created in a directory.
type dirError struct{ err error }

func (e *dirError) Error() string { return "make a file in its directory: " + e.err.Error() }
func (e *dirError) Unwrap() error { return e.err }

// bare returns an error without the name of the temporary file.
func bare(err error) error {
	var pathError *fs.PathError
	var linkError *os.LinkError
	switch {
	case errors.As(err, &pathError):
		return pathError.Err
	case errors.As(err, &linkError):
		return linkError.Err
	}
	return err
}

// replace checks the conditions once more and renames.
func replace(path, temp, target string, opt Options) error {
	if opt.NoClobber {
		return moveNew(temp, target)
	}
	if err := check(path, opt); err != nil {
		return err
	}
	if err := rename(temp, target); err != nil {
		return &renameError{bare(err)}
	}
	return nil
}

// A renameError is returned when a file cannot be replaced.
type renameError struct{ err error }

func (e *renameError) Error() string { return "replace it: " + e.err.Error() }
func (e *renameError) Unwrap() error { return e.err }

// check fails if the file does not match opt.IfUnchanged.
func check(path string, opt Options) error {
	if opt.IfUnchanged == nil {
		return nil
	}
	// Through the path, not the target: a link may have been turned elsewhere.
	same, err := holds(path, opt.IfUnchanged)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrChanged
	case err != nil:
		return fmt.Errorf("compare with the contents that were read: %w", err)
	case !same:
		return ErrChanged
	}
	return nil
}

// holds reports whether the content of a file is want. It reads block by block,
// because the file may be large.
func holds(path string, want []byte) (bool, error) {
	f, err := Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 64<<10)
	for {
		n, err := f.Read(block)
		if !bytes.HasPrefix(want, block[:n]) {
			return false, nil
		}
		want = want[n:]
		switch {
		case errors.Is(err, io.EOF):
			return len(want) == 0, nil
		case err != nil:
			return false, err
		}
	}
}

// tempName returns a hidden name that shows which file it belongs to.
func tempName(base string) string {
	// File systems limit names to 255 bytes: leave room for two dots, the suffix and
	// its 26 random letters.
	const room = 255 - len("..sealcfg-") - 26
	if len(base) > room {
		end := room
		for end > 0 && !utf8.RuneStart(base[end]) {
			end--
		}
		base = base[:end]
	}
	return "." + strings.TrimPrefix(base, ".") + ".sealcfg-" + rand.Text()
}

// Package atomicfile replaces a file in one step: whoever reads it, and
// whatever happens to the machine, finds the old content or the new one whole.
package atomicfile

import (
	"bytes"
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
	// ErrChanged says that the file is not what Options.IfUnchanged expects.
	ErrChanged = errors.New("the file has changed meanwhile")
	// ErrExists says that Options.NoClobber found something at the path. It
	// is an [fs.ErrExist] too.
	ErrExists = fmt.Errorf("the path is taken: %w", fs.ErrExist)
	// ErrNotRegular says that the path leads to a directory, a device or a pipe.
	ErrNotRegular = errors.New("not a regular file")
	// ErrInPlace is the one error after which the new content is in place:
	// either the directory could not be flushed, so a power cut may bring the
	// old content back, or the temporary name of a new file could not be removed.
	ErrInPlace = errors.New("the new file is in place, but not all is done")
)

// Options are the conditions of a [Write]. The zero value replaces or creates.
type Options struct {
	// Mode holds the permission bits of a file that does not exist yet, from
	// which the umask is subtracted; 0 means 0644. A file that exists keeps its own.
	Mode fs.FileMode
	// Private takes every right of group and others away, from a file that
	// exists as well: for plain text.
	Private bool
	// IfUnchanged, if not nil, is what the file must hold at the moment it is
	// replaced, else Write fails with [ErrChanged]; a file that is gone has
	// changed. An empty slice demands an empty file. Write only reads it.
	IfUnchanged []byte
	// NoClobber demands that nothing is at the path, not even a dangling
	// link, else Write fails with [ErrExists]. It excludes IfUnchanged.
	NoClobber bool
}

// TempPattern matches the names of the temporary files, in the syntax of
// .gitignore and [filepath.Match]. A process that is killed leaves its own behind,
// until the next one writes a file in the same directory.
const TempPattern = ".*.sealcfg-*"

// Write makes data the content of the file at path. It writes a temporary file
// in the same directory, flushes it, renames it over the old one and flushes
// the directory. On every error but [ErrInPlace] the old file stands
// untouched, and the temporary one is gone.
//
// A link at path stays a link, and its target is replaced. The mode is kept, and
// owner and group where the system lets us; where the group cannot be kept, the
// new group gets no more than others have. Hard links, access control lists
// and extended attributes are not kept.
//
// Write may be called at the same time from anywhere. Calls of Write on files
// of one directory, from other processes too, work one after another, so of two
// writers with the same IfUnchanged one fails. (Where
// the file system has no locks, that holds within one process.) Another
// program may still slip in between compare and rename. Whoever has the directory
// to itself removes the temporary files that killed processes left there.
//
// Write is short and cannot be cancelled: catch signals while it runs.
func Write(path string, data []byte, opt Options) error {
	if err := write(path, data, opt); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func write(path string, data []byte, opt Options) error {
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
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer lock.unlock()
	lock.sweep()
	if err := check(path, opt); err != nil { // now, for to fill a file takes a while
		return err
	}
	temp := filepath.Join(dir, tempName(filepath.Base(target)))
	if err := fill(temp, data, old, opt); err != nil {
		return err
	}
	if err := replace(path, temp, target, opt); err != nil {
		// Gone already if it is in place under its new name and only the old one stays.
		if rmErr := os.Remove(temp); !errors.Is(rmErr, fs.ErrNotExist) {
			err = errors.Join(err, rmErr)
		}
		return err
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("%w: flush the directory: %w", ErrInPlace, err)
	}
	return nil
}

// lockWait bounds the wait for a lock that is held while one file is written, by
// perhaps many processes one after another.
const lockWait = 30 * time.Second

var errLocked = errors.New("another program has locked the directory")

// fill writes a temporary file that is in every respect what the target will be.
func fill(temp string, data []byte, old fs.FileInfo, opt Options) (err error) {
	perm := opt.Mode.Perm()
	switch {
	case old != nil:
		perm = 0o600 // until the owner is right: nobody else may open it before
	case perm == 0:
		perm = 0o644
	}
	if opt.Private {
		perm &= 0o700
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return fmt.Errorf("make a file in its folder: %w", bare(err))
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(temp))
		}
	}()
	if old != nil {
		mode := keepOwner(f, old)
		if opt.Private {
			mode &= 0o700
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

// bare is an error without the temporary name, which tells nobody anything.
func bare(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
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
	return rename(temp, target)
}

// check fails if the file is not what the caller expects.
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
		return fmt.Errorf("compare with what was read: %w", err)
	case !same:
		return ErrChanged
	}
	return nil
}

// holds reports whether the content of a file is want. It reads block by block,
// for the file may be large.
func holds(path string, want []byte) (bool, error) {
	f, err := open(path)
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
	// 255 bytes is the longest name that file systems take: leave room for
	// two dots, the suffix and its 26 random letters.
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

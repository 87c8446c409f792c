// Package scratch provides a private directory for plaintext for a short time. Only
// its owner can enter it. It is in memory if the system has a memory file system,
// and it is removed on every exit.
//
// If a process is killed at once (SIGKILL, power cut), the next [New] or [Sweep] of
// the same user removes its directory. A memory file system may be swapped out;
// only the system can encrypt the swap space.
package scratch

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Options list the directories in which a private directory may be made. The
// package reads no environment itself.
type Options struct {
	// Memory lists directories that may be on a memory file system, the best first:
	// /dev/shm, $XDG_RUNTIME_DIR. Directories that are not, or that are missing,
	// relative or unsafe, are skipped, as is "".
	Memory []string
	// Temp is where to go if none of Memory will do: os.TempDir().
	Temp string
}

// A Dir is a directory of mode 0700 for plain text. Its methods may be called
// from several goroutines, so from a signal handler too.
type Dir struct {
	path   string
	memory bool
	lock   *os.File // shows other processes that this one runs; nil without file locks

	mu     sync.Mutex
	moved  string // where Close has moved it, "" if it has not
	closed bool
	held   map[os.Signal]int
}

// New makes a directory. It also removes the directories of killed processes of the
// same user from the directories in opt. A failure to remove them is not an error.
func New(opt Options) (*Dir, error) {
	parents := append(append([]string(nil), opt.Memory...), opt.Temp)
	for i, parent := range parents {
		if filepath.IsAbs(parent) && (i == 0 || parent != parents[i-1]) {
			sweep(parent)
		}
	}
	for _, parent := range opt.Memory {
		if !usable(parent) {
			continue
		}
		if d, err := makeIn(parent); err == nil {
			d.memory = true
			return d, nil
		}
	}
	if opt.Temp == "" {
		return nil, errors.New("make a private directory: no place is given")
	}
	// The path outlives a change of directory, and Close must find it.
	temp, err := filepath.Abs(opt.Temp)
	if err != nil {
		return nil, fmt.Errorf("make a private directory: %w", err)
	}
	if err := safe(temp); err != nil {
		return nil, fmt.Errorf("make a private directory: %w", err)
	}
	d, err := makeIn(temp)
	if err != nil {
		return nil, fmt.Errorf("make a private directory: %w", err)
	}
	d.memory = onMemory(temp)
	return d, nil
}

// Sweep removes the directories of killed processes of the same user from the
// directories in opt. It is for commands that need no private directory. It does
// not read Temp, which may be a large directory, if New would use memory.
func Sweep(opt Options) {
	inMemory := false
	for _, parent := range opt.Memory {
		if usable(parent) {
			inMemory = true
			sweep(parent)
		}
	}
	if !inMemory && filepath.IsAbs(opt.Temp) {
		sweep(opt.Temp)
	}
}

// usable reports whether a directory in memory can be made in parent.
func usable(parent string) bool {
	return filepath.IsAbs(parent) && onMemory(parent) && safe(parent) == nil
}

func makeIn(parent string) (*Dir, error) {
	path := filepath.Join(parent, newName())
	if err := os.Mkdir(path, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o700); err != nil { // an odd umask may have taken more
		return nil, errors.Join(err, os.Remove(path))
	}
	return &Dir{path: path, lock: holdLock(path)}, nil
}

// newName contains the id of this process, so that [sweep] can check whether it
// runs.
func newName() string { return prefix + strconv.Itoa(os.Getpid()) + "-" + rand.Text() }

// safe returns an error if other users could rename a directory made in parent.
func safe(parent string) error {
	info, err := os.Stat(parent)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", parent)
	}
	if sharedUnsafely(info) {
		return fmt.Errorf("every user may rename files in %s: it lacks the sticky bit", parent)
	}
	return nil
}

// Path returns the absolute path of the directory.
func (d *Dir) Path() string { return d.path }

// Memory reports whether the directory is known to be on a memory file system. It
// is false where the system cannot detect it, as on Windows.
func (d *Dir) Memory() bool { return d.memory }

// File returns the path of the file called name. Of a name with directories
// only the last element counts; one that is no file's name becomes "file".
func (d *Dir) File(name string) string {
	base := filepath.Base(name)
	if base == "." || base == ".." || !filepath.IsLocal(base) {
		base = "file"
	}
	return filepath.Join(d.path, base)
}

// WriteFile writes data to the file called name, see [Dir.File], with mode
// 0600, and returns its path.
func (d *Dir) WriteFile(name string, data []byte) (string, error) {
	path := d.File(name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", fmt.Errorf("write the private file: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // it may have been there with more
		return "", fmt.Errorf("write the private file: %w", err)
	}
	return path, nil
}

// Close removes the directory and all its contents. It may be called again: after a
// success it has no effect, after a failure it tries again.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	if err := d.remove(); err != nil {
		return fmt.Errorf("remove the private directory: %w", err)
	}
	d.closed = true
	if d.lock != nil {
		_ = d.lock.Close() // opened for reading only, so no data can be lost
	}
	return nil
}

// remove first moves the directory to another name: an editor that is just
// ending cannot make new files in it then while the others are removed. If it
// cannot be moved (Windows, with a file in it open), some more tries have to do.
func (d *Dir) remove() error {
	if d.moved == "" {
		moved := filepath.Join(filepath.Dir(d.path), newName())
		if os.Rename(d.path, moved) == nil {
			d.moved = moved
		}
	}
	path := d.path
	if d.moved != "" {
		path = d.moved
	}
	var err error
	for range 5 {
		if err = os.RemoveAll(path); err == nil || errors.Is(err, fs.ErrPermission) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

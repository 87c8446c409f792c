// Package scratch gives plain text a private place for a while: a directory
// that only its owner can enter, in memory where the system has such a file
// system, and gone on every way out.
//
// What a process killed at once (SIGKILL, power cut) leaves behind, the next
// [New] or [Sweep] of the same user removes. A memory file system may be swapped out; that is the system's to
// encrypt.
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

// Options say where a directory may be made. The package reads no environment
// itself.
type Options struct {
	// Memory lists directories that may lie on a memory file system, the
	// best first: /dev/shm, $XDG_RUNTIME_DIR. Those that do not, or are missing, relative or
	// unsafe, are passed over; "" too.
	Memory []string
	// Temp is where to go if none of Memory will do: os.TempDir().
	Temp string
}

// A Dir is a directory of mode 0700 for plain text. Its methods may be called
// from several goroutines, so from a signal handler too.
type Dir struct {
	path   string
	memory bool
	lock   *os.File // tells other processes that this one lives; nil where there are no locks

	mu     sync.Mutex
	moved  string // where Close has moved it, "" if it has not
	closed bool
	held   map[os.Signal]int
}

// New makes a directory, and removes those that killed processes of the same
// user left in the places of opt. Failing to remove those is no error.
func New(opt Options) (*Dir, error) {
	places := append(append([]string(nil), opt.Memory...), opt.Temp)
	for i, place := range places {
		if filepath.IsAbs(place) && (i == 0 || place != places[i-1]) {
			sweep(place)
		}
	}
	for _, place := range opt.Memory {
		if !usable(place) {
			continue
		}
		if d, err := makeIn(place); err == nil {
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

// Sweep removes what killed processes of the same user left in the places of opt,
// for commands that need no directory of their own. It does not look into Temp, which may
// be a large directory, where New finds a place in memory.
func Sweep(opt Options) {
	inMemory := false
	for _, place := range opt.Memory {
		if usable(place) {
			inMemory = true
			sweep(place)
		}
	}
	if !inMemory && filepath.IsAbs(opt.Temp) {
		sweep(opt.Temp)
	}
}

// usable tells whether a directory in memory can be made in place.
func usable(place string) bool {
	return filepath.IsAbs(place) && onMemory(place) && safe(place) == nil
}

func makeIn(place string) (*Dir, error) {
	path := filepath.Join(place, newName())
	if err := os.Mkdir(path, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o700); err != nil { // an odd umask may have taken more
		return nil, errors.Join(err, os.Remove(path))
	}
	return &Dir{path: path, lock: holdLock(path)}, nil
}

// newName names this process, so that [sweep] can tell whether it lives.
func newName() string { return prefix + strconv.Itoa(os.Getpid()) + "-" + rand.Text() }

// safe tells whether nobody else can rename what is made in place.
func safe(place string) error {
	info, err := os.Stat(place)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", place)
	}
	if sharedUnsafely(info) {
		return fmt.Errorf("everyone may rename what is in %s: it lacks the sticky bit", place)
	}
	return nil
}

// Path returns the absolute path of the directory.
func (d *Dir) Path() string { return d.path }

// Memory tells whether the directory is known to lie on a memory file system.
// It is false where the system cannot tell, as on Windows.
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

// Close removes the directory and all in it. It may be called again: after a
// success nothing happens, after a failure it tries anew.
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
		_ = d.lock.Close() // opened for reading only, so nothing can be lost
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

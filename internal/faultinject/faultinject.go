// Package faultinject runs a program and has one of its file system calls fail,
// or ends it there: a full disk, a broken one, kill -9. For tests.
//
// It counts the calls of all threads together and in the order in which they are
// made, so that call number n can be named from outside; only those on files below
// given folders count. Programs that the program starts are left alone. It takes
// ptrace, and knows linux/amd64; elsewhere [Run] fails with [errors.ErrUnsupported].
//
// What a power cut would leave of the same calls is told by [PowerCut].
package faultinject

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
)

// A Command is a program to run.
type Command struct {
	Path  string
	Args  []string // without the name
	Dir   string
	Env   []string
	Stdin string
	Roots []string // a call counts if its file is one of these, or below one
	// Starts says that the program starts others. One that does not can be run
	// several times as fast.
	Starts bool
	// Mounted are files that cannot be replaced: a rename to one fails with EBUSY, as
	// if a file system was mounted there.
	Mounted []string
	// Own begins the names of further roots, of which the process id is the rest
	// up to the next dash: what a program makes for itself in a place for all.
	Own string
}

// Moment says what a [Fault] does to a call.
type Moment int

const (
	Fails      Moment = iota // the call returns Fault.Errno
	KillBefore               // SIGKILL, and the call does not take place
	KillAfter                // SIGKILL as soon as it has
	Short                    // half of the bytes are written, and the next write fails with Fault.Errno
)

// A Fault happens to the n-th of the calls that it can happen to.
type Fault struct {
	Moment Moment
	Errno  syscall.Errno
	// Lasts says that all further calls fail as well that can: a disk that is full stays full.
	Lasts bool
	N     int // from 1
}

func (f Fault) String() string {
	name := errnoNames[f.Errno]
	switch {
	case f.Moment == KillBefore:
		return "kill before"
	case f.Moment == KillAfter:
		return "kill after"
	case f.Moment == Short:
		return "short, " + name
	case f.Lasts:
		return name + " from then on"
	}
	return name
}

var errnoNames = map[syscall.Errno]string{
	syscall.ENOSPC: "ENOSPC", syscall.EIO: "EIO", syscall.EROFS: "EROFS", syscall.EACCES: "EACCES", syscall.EDQUOT: "EDQUOT",
}

// CanHit tells whether the fault can happen to a call: a read does not fail because
// the disk is full.
func (f Fault) CanHit(c *Call) bool {
	switch f.Moment {
	case KillBefore:
		return true
	case KillAfter:
		return c.Changes
	case Short:
		return c.Name == "write" && len(c.Data) > 1
	}
	switch f.Errno {
	case syscall.EIO:
		return true
	case syscall.EACCES:
		return c.byPath && c.Name != "readlinkat"
	case syscall.EROFS:
		return c.Changes && c.byPath || strings.HasPrefix(c.Name, "fch")
	case syscall.ENOSPC, syscall.EDQUOT:
		return c.grows || c.Name == "fsync" || c.Name == "close" && c.Written
	}
	return false
}

// A Call is one file system call on a file below the roots.
type Call struct {
	Name    string
	Path    string
	To      string // of a rename or a link
	Flags   int    // of an open
	Data    []byte // of a write
	Offset  int64  // of a pwrite64; of an ftruncate, the new size
	Changes bool   // it changes what is on disk
	Written bool   // the file is open for writing
	Err     syscall.Errno

	byPath bool
	grows  bool // it takes room on the disk
}

func (c *Call) String() string {
	text := fmt.Sprintf("%s %s", c.Name, c.Path)
	if c.To != "" {
		text += " → " + filepath.Base(c.To)
	}
	return text
}

// A Result is what came of a run.
type Result struct {
	PID            int
	ExitCode       int // -1 if a signal has ended it
	Killed         bool
	Stdout, Stderr string
	Calls          []*Call
	Hit            *Call // the first call that the fault happened to, nil if there was none
}

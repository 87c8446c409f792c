// Package faultinject runs a program and makes one of its file system calls fail,
// or kills the program at that call. It simulates a full disk, a broken one, and
// kill -9. It is for tests.
//
// It counts the calls of all threads together, in the order in which they are made,
// so that a caller can select call number n. It counts only calls on files below
// given directories. Programs that the program starts are not affected. It requires
// ptrace and linux/amd64; on other systems [Run] fails with
// [errors.ErrUnsupported].
//
// [PowerCuts] lists the states that a power cut after the same calls may leave.
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
	// Starts reports whether the program starts others. A program that does not runs
	// several times as fast.
	Starts bool
	// Mounted are files that cannot be replaced: a rename to one fails with EBUSY, as
	// if a file system was mounted there.
	Mounted []string
	// Own is the prefix of further roots. The rest of their names is the process id,
	// up to the next dash: directories that a program makes for itself in a shared
	// directory.
	Own string
}

// Moment is the effect of a [Fault] on a call.
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
	// Lasts makes all further calls fail that can fail: a full disk stays full.
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

// CanHit reports whether the fault can happen to a call: a read does not fail
// because the disk is full.
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
	Changes bool   // it changes the disk
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

// A Result describes a finished run.
type Result struct {
	PID            int
	ExitCode       int // -1 if a signal has ended it
	Killed         bool
	Stdout, Stderr string
	Calls          []*Call
	Hit            *Call // the first call that the fault happened to, nil if there was none
}

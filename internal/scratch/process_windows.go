package scratch

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// alive reports whether there is a process with this id. In doubt it returns true.
func alive(pid int) bool {
	const (
		queryLimitedInformation = 0x1000
		invalidParameter        = syscall.Errno(87) // no such process
		stillActive             = 259
	)
	h, err := syscall.OpenProcess(queryLimitedInformation, false, uint32(pid))
	if err != nil {
		return !errors.Is(err, invalidParameter)
	}
	defer func() { _ = syscall.CloseHandle(h) }()
	var code uint32
	return syscall.GetExitCodeProcess(h, &code) != nil || code == stillActive
}

// isMine is true: the temporary directory is the user's own.
func isMine(fs.FileInfo) bool { return true }

// sharedUnsafely is false: the rights are not in the mode here.
func sharedUnsafely(fs.FileInfo) bool { return false }

// othersMayEnter is false: the rights are not in the mode here.
func othersMayEnter(fs.FileInfo) bool { return false }

// Signals returns the signals that end a process from outside, for
// [Dir.CloseOn]; the runtime maps closing the console and logging off to SIGTERM.
func Signals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// brokenPipe is empty: there, writing to a closed pipe is an error and no more.
var brokenPipe []os.Signal

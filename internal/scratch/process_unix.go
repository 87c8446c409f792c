//go:build unix

package scratch

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// alive reports whether there is a process with this id.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || !errors.Is(err, syscall.ESRCH)
}

// isMine reports whether the directory belongs to the user of this process.
func isMine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// sharedUnsafely reports whether all users may rename each other's files in a
// directory.
func sharedUnsafely(info fs.FileInfo) bool {
	return info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0
}

// othersMayEnter reports whether users other than the owner may enter a directory.
func othersMayEnter(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// Signals returns the signals that end a process from outside, for [Dir.CloseOn].
func Signals() []os.Signal {
	return []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
}

// brokenPipe is the signal that ends a process when it writes to a standard output
// without a reader.
var brokenPipe = []os.Signal{syscall.SIGPIPE}

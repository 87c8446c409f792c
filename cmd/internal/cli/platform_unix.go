//go:build unix

package cli

import (
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// keepForeground returns a function that calls do while this process group is in the foreground
// of the terminal. Emacs makes its own process group and puts it into the foreground. If Emacs is
// killed, the next process that uses the terminal is stopped for being in the background, and the
// plaintext would stay.
func keepForeground(fd int) (inForeground func(do func())) {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	if err != nil || group != syscall.Getpgrp() {
		return func(do func()) { do() } // this process was in the background itself
	}
	return func(do func()) {
		signal.Ignore(syscall.SIGTTOU)
		defer signal.Reset(syscall.SIGTTOU)
		_ = unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, group)
		do()
	}
}

// exposure reports whether others can read or replace an identity file. A file that
// root owns on a read-only file system is not exposed: Docker and Kubernetes mount
// secrets like this, readable for everyone. sudoer is the user id that sudo passes
// on, or "".
func exposure(path string, info fs.FileInfo, sudoer string) exposed {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return notExposed
	}
	const root = 0
	self := os.Geteuid()
	mine := int(stat.Uid) == self || self == root && strconv.Itoa(int(stat.Uid)) == sudoer
	open := fs.FileMode(0o044)
	switch {
	case stat.Uid == root && readOnly(path):
		return notExposed
	case stat.Uid == root && !mine: // root has chosen the group
		open = 0o004
	case !mine:
		return othersOwn
	}
	if info.Mode().Perm()&open != 0 {
		return othersRead
	}
	return notExposed
}

// hardLinks returns the number of hard links to a file.
func hardLinks(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Nlink)
	}
	return 1
}

// inode returns the number of a file in its file system.
func inode(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Ino)
	}
	return 0
}

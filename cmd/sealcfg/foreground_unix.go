//go:build unix

package main

import (
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// keepForeground remembers whose terminal it is, and returns what calls do after
// it is that again. Emacs makes itself a process group of its own in the foreground, and if
// it is killed, who touches the terminal next is stopped for being in the
// background: with the plain text still there.
func keepForeground(fd int) (inForeground func(do func())) {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	if err != nil || group != syscall.Getpgrp() {
		return func(do func()) { do() } // we were in the background ourselves
	}
	return func(do func()) {
		signal.Ignore(syscall.SIGTTOU)
		defer signal.Reset(syscall.SIGTTOU)
		_ = unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, group)
		do()
	}
}

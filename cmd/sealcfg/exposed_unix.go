//go:build unix

package main

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

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
	case stat.Uid == root && !mine: // root has chosen its group
		open = 0o004
	case !mine:
		return othersOwn
	}
	if info.Mode().Perm()&open != 0 {
		return othersRead
	}
	return notExposed
}

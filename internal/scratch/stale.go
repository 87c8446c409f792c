package scratch

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// prefix begins the name of every directory: sealcfg-<pid>-<random>.
const prefix = "sealcfg-"

// settled is the age after which the lock alone decides, see stale.
const settled = time.Minute

// sweep removes the directories of this user's killed processes from parent. A
// directory that cannot be removed stays for the next time.
func sweep(parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		pid, ok := ownerPID(e.Name())
		if !ok {
			continue
		}
		path := filepath.Join(parent, e.Name())
		info, err := os.Lstat(path) // not Stat: a link would lead elsewhere
		if err == nil && info.IsDir() && isMine(info) && stale(path, pid, time.Since(info.ModTime())) {
			_ = os.RemoveAll(path)
		}
	}
}

// ownerPID reads the process id out of a directory's name.
func ownerPID(name string) (pid int, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	digits, random, ok := strings.Cut(rest, "-")
	if !ok || random == "" {
		return 0, false
	}
	pid, err := strconv.Atoi(digits)
	if err != nil || pid <= 0 || strconv.Itoa(pid) != digits {
		return 0, false
	}
	return pid, true
}

// stale reports whether the process that made the directory has ended. The process
// id is not enough: the process may be in another container that shares the
// directory, or, after a restart, the id may belong to another process. So a lock
// that is held always means that the process runs. A free lock means that it has
// ended, if there is no process with this id, or if the directory is older than the
// time between making and locking it.
func stale(path string, pid int, age time.Duration) bool {
	switch tryLock(path) {
	case lockHeld:
		return false
	case lockFree:
		return age > settled || !alive(pid)
	}
	return !alive(pid)
}

// lockState is the result of tryLock.
type lockState int

const (
	lockUnknown lockState = iota // no locks here
	lockHeld
	lockFree
)

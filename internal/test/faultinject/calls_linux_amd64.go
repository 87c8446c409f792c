package faultinject

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// An argument is the location and form of the file in the arguments of a call.
type argument int

const (
	none  argument = iota
	first          // argument 0 is a path
	at             // argument 0 is a directory, argument 1 a path in it
	fd             // argument 0 is an open file
	two            // arguments 0 and 1 are paths
	twoAt          // as at, twice
)

type kind struct {
	name    string
	where   argument
	changes bool
	grows   bool
}

// The numbers that package syscall does not have.
const (
	sysFsetxattr    = 190
	sysLgetxattr    = 192
	sysLlistxattr   = 195
	sysFremovexattr = 199
	sysRenameat2    = 316
	sysStatx        = 332
	sysOpenat2      = 437
	sysFaccessat2   = 439
	sysFchmodat2    = 452
)

// kinds are the calls on files, by number. openat changes something only with
// some flags.
var kinds = map[uint64]kind{
	syscall.SYS_OPEN: {"open", first, false, false}, syscall.SYS_OPENAT: {"openat", at, false, false}, sysOpenat2: {"openat2", at, false, false},
	syscall.SYS_STAT: {"stat", first, false, false}, syscall.SYS_LSTAT: {"lstat", first, false, false}, syscall.SYS_FSTAT: {"fstat", fd, false, false},
	syscall.SYS_NEWFSTATAT: {"newfstatat", at, false, false}, sysStatx: {"statx", at, false, false}, syscall.SYS_STATFS: {"statfs", first, false, false},
	syscall.SYS_ACCESS: {"access", first, false, false}, syscall.SYS_FACCESSAT: {"faccessat", at, false, false}, sysFaccessat2: {"faccessat2", at, false, false},
	syscall.SYS_READLINK: {"readlink", first, false, false}, syscall.SYS_READLINKAT: {"readlinkat", at, false, false},
	syscall.SYS_READ: {"read", fd, false, false}, syscall.SYS_PREAD64: {"pread64", fd, false, false}, syscall.SYS_GETDENTS64: {"getdents64", fd, false, false},
	syscall.SYS_FLOCK: {"flock", fd, false, false}, syscall.SYS_CLOSE: {"close", fd, false, false},
	sysLlistxattr: {"llistxattr", first, false, false}, sysLgetxattr: {"lgetxattr", first, false, false},
	sysFsetxattr: {"fsetxattr", fd, true, true}, sysFremovexattr: {"fremovexattr", fd, true, false},
	syscall.SYS_FSYNC: {"fsync", fd, true, false}, syscall.SYS_FDATASYNC: {"fsync", fd, true, false},
	syscall.SYS_WRITE: {"write", fd, true, true}, syscall.SYS_PWRITE64: {"pwrite64", fd, true, true},
	syscall.SYS_TRUNCATE: {"truncate", first, true, false}, syscall.SYS_FTRUNCATE: {"ftruncate", fd, true, false},
	syscall.SYS_FCHMOD: {"fchmod", fd, true, false}, syscall.SYS_FCHMODAT: {"fchmodat", at, true, false}, sysFchmodat2: {"fchmodat2", at, true, false},
	syscall.SYS_FCHOWN: {"fchown", fd, true, false}, syscall.SYS_FCHOWNAT: {"fchownat", at, true, false},
	syscall.SYS_MKDIR: {"mkdir", first, true, true}, syscall.SYS_MKDIRAT: {"mkdirat", at, true, true},
	syscall.SYS_UNLINK: {"unlink", first, true, false}, syscall.SYS_RMDIR: {"rmdir", first, true, false}, syscall.SYS_UNLINKAT: {"unlinkat", at, true, false},
	syscall.SYS_RENAME: {"rename", two, true, true}, syscall.SYS_RENAMEAT: {"renameat", twoAt, true, true}, sysRenameat2: {"renameat2", twoAt, true, true},
	syscall.SYS_LINK: {"link", two, true, true}, syscall.SYS_LINKAT: {"linkat", twoAt, true, true},
	syscall.SYS_SYMLINK: {"symlink", two, true, true},
}

// decode reads the call that a thread is about to make. It returns nil if the call
// is not in kinds or not on a file below the roots.
func (t *tracer) decode(tid int, r *syscall.PtraceRegs) *Call {
	k, ok := kinds[r.Orig_rax]
	if !ok {
		return nil
	}
	c := &Call{Name: k.name, Changes: k.changes, grows: k.grows, byPath: k.where != fd}
	switch k.where {
	case first:
		c.Path = t.path(tid, atCwd, r.Rdi)
	case at:
		c.Path = t.path(tid, r.Rdi, r.Rsi)
	case fd:
		c.Path = t.open(tid, r.Rdi)
	case two:
		c.Path, c.To = t.path(tid, atCwd, r.Rdi), t.path(tid, atCwd, r.Rsi)
	case twoAt:
		c.Path, c.To = t.path(tid, r.Rdi, r.Rsi), t.path(tid, r.Rdx, r.R10)
	}
	if !t.counts(c.Path) && !t.counts(c.To) {
		return nil
	}
	switch k.name {
	case "open":
		c.Flags = int(r.Rsi)
	case "openat":
		c.Flags = int(r.Rdx)
	case "write", "pwrite64":
		c.Data = t.memory(tid, r.Rsi, int(r.Rdx))
		c.Offset = int64(r.R10) // of pwrite64
	case "ftruncate":
		c.Offset = int64(r.Rsi)
	case "unlinkat":
		c.Flags = int(r.Rdx)
	case "close":
		c.Written = t.writable(tid, r.Rdi)
	}
	if c.Flags&(syscall.O_CREAT|syscall.O_TRUNC|syscall.O_WRONLY|syscall.O_RDWR) != 0 && strings.HasPrefix(k.name, "open") {
		c.Changes, c.grows = true, c.Flags&syscall.O_CREAT != 0
	}
	return c
}

// counts reports whether a path is below the roots.
func (t *tracer) counts(path string) bool {
	for _, root := range t.roots {
		if rest, ok := strings.CutPrefix(path, root); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return t.own != "" && strings.HasPrefix(path, t.own)
}

const atCwd = ^uint64(99) // AT_FDCWD, -100

// path reads a path out of the thread's memory and makes it absolute.
func (t *tracer) path(tid int, dir, addr uint64) string {
	text := t.memory(tid, addr, 4096)
	end := bytes.IndexByte(text, 0)
	if end < 0 {
		return ""
	}
	path := string(text[:end])
	switch {
	case filepath.IsAbs(path):
	case int32(dir) == -100:
		cwd, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", tid))
		path = filepath.Join(cwd, path)
	default:
		path = filepath.Join(t.open(tid, dir), path)
	}
	return filepath.Clean(path)
}

// open returns the path of an open descriptor, or "".
func (t *tracer) open(tid int, fd uint64) string {
	path, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, int32(fd)))
	return path
}

func (t *tracer) writable(tid int, fd uint64) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", tid, int32(fd)))
	var pos int64
	var flags int
	_, err := fmt.Sscanf(string(text), "pos:\t%d\nflags:\t%o", &pos, &flags)
	return err == nil && flags&(syscall.O_WRONLY|syscall.O_RDWR) != 0
}

// memory reads up to size bytes of the thread's memory, fewer where it ends.
func (t *tracer) memory(tid int, addr uint64, size int) []byte {
	if t.mem == nil {
		var err error
		if t.mem, err = os.Open(fmt.Sprintf("/proc/%d/mem", tid)); err != nil {
			return nil
		}
	}
	const page = 4096
	var text []byte
	for len(text) < size { // page by page: the next one may not be there
		part := make([]byte, min(size-len(text), page-int(addr%page)))
		n, err := t.mem.ReadAt(part, int64(addr))
		text = append(text, part[:n]...)
		if err != nil || size == page && bytes.IndexByte(part[:n], 0) >= 0 {
			break
		}
		addr += uint64(n)
	}
	return text
}

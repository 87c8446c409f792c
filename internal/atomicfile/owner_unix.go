//go:build unix

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives f the owner and group of old as far as the system lets us,
// and returns the mode that f may have then.
func keepOwner(f *os.File, old fs.FileInfo) fs.FileMode {
	mode := old.Mode().Perm()
	want, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return mode
	}
	if f.Chown(int(want.Uid), int(want.Gid)) == nil || f.Chown(-1, int(want.Gid)) == nil {
		return mode
	}
	if info, err := f.Stat(); err == nil {
		if got, ok := info.Sys().(*syscall.Stat_t); ok && got.Gid == want.Gid {
			return mode
		}
	}
	// The group is a new one, so it gets no right that others do not have.
	return mode&^0o070 | (mode&0o007<<3)&mode
}

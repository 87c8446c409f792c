//go:build unix

package environments

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// leftByAnother reports whether a file is in a directory that every user can write
// to, and belongs neither to the user nor to root nor to the owner of the
// directory. Linux follows links in such directories by the same rule
// (fs.protected_symlinks).
func leftByAnother(path string) (bool, error) {
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return false, err
	}
	if dir.Mode()&0o002 == 0 {
		return false, nil
	}
	file, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	owner, ok := ownerOf(file)
	host, _ := ownerOf(dir)
	return ok && owner != 0 && owner != os.Geteuid() && owner != host, nil
}

func ownerOf(info fs.FileInfo) (int, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}

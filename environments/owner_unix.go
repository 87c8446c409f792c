//go:build unix

package environments

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// leftByAnother reports a file in a folder where everybody can put files, that is
// neither the user's nor root's nor of who owns the folder. Linux follows links in
// such folders by the same rule (fs.protected_symlinks).
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

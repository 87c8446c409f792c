//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows

package atomicfile

import (
	"os"
	"path/filepath"
	"sync"
)

// swept holds the directories that this process has swept. A process killed later
// leaves its files to the next process. To sweep again for each file would make a
// run over many files in one directory slow.
var swept sync.Map

// sweep removes the temporary files of killed processes from a directory. The
// caller must hold the lock of the directory, so no running process has a temporary
// file there. A file that cannot be removed stays.
func sweep(dir string) {
	if _, before := swept.LoadOrStore(dir, true); before {
		return
	}
	f, err := os.Open(dir)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	names, _ := f.Readdirnames(-1) // the names read before an error are enough
	for _, name := range names {
		if ok, _ := filepath.Match(TempPattern, name); ok {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows

package atomicfile

import (
	"os"
	"path/filepath"
	"sync"
)

// swept holds the directories that this process has swept. Nobody else is to be
// killed in them while it runs, or the next process sees to it: to look each time would
// make a run over many files in one directory slow.
var swept sync.Map

// sweep removes the temporary files that killed processes have left in a
// directory. Who holds its lock may call it: no living process has one there then. What cannot be
// removed stays.
func sweep(dir string) {
	if _, before := swept.LoadOrStore(dir, true); before {
		return
	}
	f, err := os.Open(dir)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	names, _ := f.Readdirnames(-1) // what can be read of it
	for _, name := range names {
		if ok, _ := filepath.Match(TempPattern, name); ok {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

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

// sweep removes the temporary files that killed processes have left in the
// directory. With the lock, no living process has one there. What cannot be removed stays.
func (l dirLock) sweep() {
	if l.dir == nil {
		return
	}
	dir := l.dir.Name()
	if _, before := swept.LoadOrStore(dir, true); before {
		return
	}
	names, _ := l.dir.Readdirnames(-1) // what can be read of it
	for _, name := range names {
		if ok, _ := filepath.Match(TempPattern, name); ok {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package atomicfile

import "sync"

var oneWriter sync.Mutex

// lockDir makes the caller the only Write of this process until unlock: a
// directory cannot be locked here.
func lockDir(string) (unlock func(), err error) {
	oneWriter.Lock()
	return oneWriter.Unlock, nil
}

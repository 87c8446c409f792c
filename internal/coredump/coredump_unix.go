//go:build unix

package coredump

import "syscall"

// before is the limit of the size of core dumps that this process was started
// with; nil until Off.
var before *syscall.Rlimit

func off() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_CORE, &limit) == nil {
		before = &limit
	}
	lower()
	notDumpable()
}

// lower sets the soft limit alone, which every process may raise again.
func lower() {
	if before == nil || before.Cur == 0 {
		return
	}
	limit := *before
	limit.Cur = 0
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &limit)
}

func restored(start func() error) error {
	if before == nil || before.Cur == 0 {
		return start()
	}
	// A child gets its limits when it is created, and Go cannot set them in between.
	// In that moment, only notDumpable protects this process, where the system
	// supports it.
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, before)
	defer lower()
	return start()
}

package coredump

import "syscall"

// notDumpable is prctl(PR_SET_DUMPABLE, 0).
func notDumpable() {
	const setDumpable = 4 // PR_SET_DUMPABLE of linux/prctl.h
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setDumpable, 0, 0)
}

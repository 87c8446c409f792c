//go:build unix && !linux

package coredump

// notDumpable has no effect on this system: only the limit applies.
func notDumpable() {}

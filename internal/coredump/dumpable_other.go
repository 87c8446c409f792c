//go:build unix && !linux

package coredump

// notDumpable does nothing: there is only the limit.
func notDumpable() {}

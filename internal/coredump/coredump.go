// Package coredump keeps the memory of a process out of core dumps.
package coredump

// Off disables core dumps of this process and of the processes that it starts:
// their limit is 0. The kernel ignores that limit if it passes core dumps to a
// program (Linux's core_pattern begins with |). So Off also marks this process as
// not dumpable. That mark ends with execve: child processes have only the limit,
// which systemd-coredump obeys. A process that is not dumpable is also protected
// from all users except root: they cannot attach a debugger to it, or read its
// memory or its environment in /proc.
//
// In a sandbox that forbids a process to disable its own core dumps, Off has no
// effect.
func Off() { off() }

// Restored calls start while the limit has its value from before [Off]. Use it to
// start the user's own program, whose core dumps remain the user's choice.
func Restored(start func() error) error { return restored(start) }

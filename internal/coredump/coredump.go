// Package coredump keeps what a process has in its memory out of core dumps.
package coredump

// Off has this process and the ones that it starts write no core dumps from now
// on: their limit is 0. The kernel does not hold that limit where it hands core dumps
// to a program (core_pattern of Linux begins with |), so there this process
// is also made one that is not dumped at all. That ends with execve: for children there is
// only the limit, which systemd-coredump obeys. By the same setting nobody
// but root attaches a debugger to this process or reads its memory or its
// environment in /proc.
//
// Where a system forbids a process to give up its own core dumps, a sandbox that
// is, Off does nothing: there is nothing better to do.
func Off() { off() }

// Restored calls start while the limit is again what it was before [Off]: for a
// child that is the user's own program, and whose core dumps are their business.
func Restored(start func() error) error { return restored(start) }

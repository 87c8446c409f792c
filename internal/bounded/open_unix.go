//go:build unix

package bounded

import "syscall"

// nonblock keeps open from waiting for the writer of a pipe.
const nonblock = syscall.O_NONBLOCK

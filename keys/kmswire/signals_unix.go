//go:build unix

package kmswire

import (
	"os"
	"syscall"
)

var left = []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGPIPE}

//go:build !unix

package kmswire

import "os"

var left = []os.Signal{os.Interrupt}

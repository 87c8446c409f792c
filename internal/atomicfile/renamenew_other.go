//go:build !(linux || darwin || windows)

package atomicfile

import "errors"

func renameNew(string, string) error { return errors.ErrUnsupported }

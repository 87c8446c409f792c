//go:build !linux && !darwin

package atomicfile

import "os"

// keepAttributes keeps none.
func keepAttributes(*os.File, string, bool) error { return nil }

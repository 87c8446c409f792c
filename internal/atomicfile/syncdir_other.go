//go:build !unix

package atomicfile

// syncDir returns nil: a directory cannot be flushed on this system.
func syncDir(string) error { return nil }

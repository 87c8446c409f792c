//go:build !unix

package atomicfile

// syncDir has nothing to do: a directory cannot be flushed here.
func syncDir(string) error { return nil }

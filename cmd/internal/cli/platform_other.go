//go:build unix && !linux

package cli

// readOnly returns false: it is for the mounted secrets of containers, which run on Linux.
func readOnly(string) bool { return false }

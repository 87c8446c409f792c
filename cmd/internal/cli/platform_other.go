//go:build unix && !linux

package cli

// readOnly is false: containers, whose secrets this is about, run on Linux.
func readOnly(string) bool { return false }

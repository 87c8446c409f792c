//go:build !linux && !darwin

package scratch

// onMemory returns false: memory file systems cannot be detected on this system.
func onMemory(string) bool { return false }

package scratch

import "syscall"

// onMemory reports whether parent is on a memory file system. It cannot distinguish
// a RAM disk with a common file system from a disk.
func onMemory(parent string) bool {
	var st syscall.Statfs_t
	if syscall.Statfs(parent, &st) != nil {
		return false
	}
	const tmpfs = "tmpfs"
	for i := range len(tmpfs) {
		if byte(st.Fstypename[i]) != tmpfs[i] {
			return false
		}
	}
	return st.Fstypename[len(tmpfs)] == 0
}

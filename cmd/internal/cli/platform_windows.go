package cli

import "io/fs"

// keepForeground only calls do: a console belongs to all of its processes.
func keepForeground(int) (inForeground func(do func())) { return func(do func()) { do() } }

// exposure returns notExposed: on Windows, the file mode does not contain access rights.
func exposure(string, fs.FileInfo, string) exposed { return notExposed }

// hardLinks returns 1: the file information of Windows does not count links.
func hardLinks(fs.FileInfo) int { return 1 }

// inode returns 0: the file information of Windows has no number.
func inode(fs.FileInfo) uint64 { return 0 }

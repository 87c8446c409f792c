package cli

import "io/fs"

// keepForeground only calls do: a console belongs to all of its processes.
func keepForeground(int) (inForeground func(do func())) { return func(do func()) { do() } }

// exposure returns notExposed: on Windows, the file mode does not contain access rights.
func exposure(string, fs.FileInfo, string) exposed { return notExposed }

package atomicfile

// cannotReplace is false: a single file cannot be a mount point here.
func cannotReplace(error) bool { return false }

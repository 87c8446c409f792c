//go:build !windows

package atomicfile

import (
	"io/fs"
	"os"
)

// rename renames temp to target and replaces an existing file.
func rename(temp, target string) error { return os.Rename(temp, target) }

// Open opens a file for reading that a [Write] may be replacing.
func Open(path string) (*os.File, error) { return os.Open(path) }

// replaceable returns nil: the permissions of the directory decide.
func replaceable(fs.FileInfo) error { return nil }

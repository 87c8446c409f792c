//go:build !windows

package atomicfile

import (
	"io/fs"
	"os"
)

// rename gives temp the name target, in place of what has it.
func rename(temp, target string) error { return os.Rename(temp, target) }

// Open opens a file for reading that a [Write] may be replacing.
func Open(path string) (*os.File, error) { return os.Open(path) }

// replaceable is nil: the rights are those of the directory.
func replaceable(fs.FileInfo) error { return nil }

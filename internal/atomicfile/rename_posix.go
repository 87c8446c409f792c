//go:build !windows

package atomicfile

import (
	"io/fs"
	"os"
)

// rename gives temp the name target, in place of what has it.
func rename(temp, target string) error { return os.Rename(temp, target) }

// open opens a file for reading.
func open(path string) (*os.File, error) { return os.Open(path) }

// Read reads a file that a [Write] may be replacing.
func Read(path string) ([]byte, error) { return os.ReadFile(path) }

// replaceable is nil: the rights are those of the directory.
func replaceable(fs.FileInfo) error { return nil }

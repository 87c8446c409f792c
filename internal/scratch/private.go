package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// MakePrivate makes the directory at path, for its owner alone, and is content
// with one that is there if [Private] is.
func MakePrivate(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return Private(path)
}

// Private checks that path is a directory of the user of this process, that other
// users cannot enter it, and that they cannot replace it by renaming.
func Private(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() || !isMine(info) || othersMayEnter(info) {
		return fmt.Errorf("%s is not a directory that is yours alone", path)
	}
	return safe(filepath.Dir(path))
}

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// MkdirAll makes a directory and its missing parents, as [os.MkdirAll] does. It
// also flushes their parents, so that a power cut does not remove a new directory
// with its files.
func MkdirAll(path string, perm fs.FileMode) error {
	var above []string // directories that get a new entry
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		above = append(above, filepath.Dir(dir))
	}
	if err := os.MkdirAll(path, perm); err != nil {
		return err
	}
	for _, dir := range above {
		if err := syncDir(dir); err != nil {
			return fmt.Errorf("flush the directory: %w", err)
		}
	}
	return nil
}

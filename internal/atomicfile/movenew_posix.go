//go:build !windows

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

// moveNew gives temp the name target, which nothing may have. A hard link does
// that in one step; the caller removes the name temp.
func moveNew(temp, target string) error {
	err := os.Link(temp, target)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	}
	return claimNew(temp, target)
}

// claimNew does it where there are no hard links (FAT, some network and user
// file systems): it takes the name with an empty file, which the rename replaces.
func claimNew(temp, target string) error {
	claim, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if err != nil {
		return err
	}
	err = errors.Join(claim.Close(), os.Rename(temp, target))
	if err != nil {
		err = errors.Join(err, os.Remove(target))
	}
	return err
}

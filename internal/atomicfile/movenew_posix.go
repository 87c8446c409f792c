//go:build !windows

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// moveNew renames temp to target, which must not exist.
func moveNew(temp, target string) error {
	switch err := renameNew(temp, target); {
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	case !errors.Is(err, errors.ErrUnsupported):
		return bare(err)
	}
	return linkNew(temp, target)
}

// linkNew does the same with a hard link, also in one step. The old name exists a
// moment longer. It stays if the process is killed in that moment.
func linkNew(temp, target string) error {
	err := os.Link(temp, target)
	switch {
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	case err != nil:
		return claimNew(temp, target)
	}
	if err := os.Remove(temp); err != nil {
		return fmt.Errorf("%w: remove its temporary name: %w", ErrInPlace, bare(err))
	}
	return nil
}

// claimNew does the same on file systems without hard links (some network and user
// file systems): it creates an empty file with the name, which the rename replaces.
func claimNew(temp, target string) error {
	claim, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if err != nil {
		return bare(err)
	}
	err = errors.Join(claim.Close(), bare(os.Rename(temp, target)))
	if err != nil {
		err = errors.Join(err, bare(os.Remove(target)))
	}
	return err
}

package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Relink makes alias a hard link to the file at path again, after [Write] has
// replaced that file. old is what alias must contain, else Relink fails with
// [ErrChanged]. On every error alias is unchanged.
func Relink(path, alias string, old []byte) error {
	if err := relink(path, alias, old); err != nil {
		return fmt.Errorf("write %s: %w", alias, err)
	}
	return nil
}

func relink(path, alias string, old []byte) error {
	dir := filepath.Dir(alias)
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer lock.unlock()
	temp := filepath.Join(dir, tempName(filepath.Base(alias)))
	if err := os.Link(path, temp); err != nil {
		return bareLink(err)
	}
	if err := replace(alias, temp, alias, Options{IfUnchanged: old}); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(dir)
}

// bareLink is [bare] for an error of os.Link.
func bareLink(err error) error {
	var linkError *os.LinkError
	if errors.As(err, &linkError) {
		return linkError.Err
	}
	return err
}

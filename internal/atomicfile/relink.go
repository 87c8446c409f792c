package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Relink makes alias a hard link to the file at path again, after [Write] has
// replaced that file. If alias does not contain old, Relink fails with
// [ErrChanged]. On every error alias is unchanged. The end of ctx ends the wait for
// the lock of the directory.
func Relink(ctx context.Context, path, alias string, old []byte) error {
	if err := relink(ctx, path, alias, old); err != nil {
		return fmt.Errorf("write %s: %w", alias, err)
	}
	return nil
}

func relink(ctx context.Context, path, alias string, old []byte) error {
	dir := filepath.Dir(alias)
	lock, err := lockDir(ctx, dir)
	if err != nil {
		return err
	}
	defer lock.unlock()
	temp := filepath.Join(dir, tempName(filepath.Base(alias)))
	if err := os.Link(path, temp); err != nil {
		return bare(err)
	}
	if err := replace(alias, temp, alias, Options{IfUnchanged: old}); err != nil {
		return errors.Join(err, bare(os.Remove(temp)))
	}
	return syncDir(dir)
}

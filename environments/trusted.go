package environments

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// isRepository reports whether a directory is the root of a git repository. A .git that
// another user may have put there does not count, see [leftByAnother].
func isRepository(dir string) (bool, error) {
	git := filepath.Join(dir, ".git")
	if ok, err := exists(git); err != nil || !ok {
		return false, err
	}
	foreign, err := leftByAnother(git)
	if err != nil {
		return false, fmt.Errorf("look for policy: %w", err)
	}
	return !foreign, nil
}

// within reports whether a path is dir or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// trusted returns an error for a .sops.yaml or sealcfg.yaml in d that is a link out
// of its repository, whose history then does not show its contents, and for one
// that another user may have created.
func trusted(path string, d *directory) error {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the reader reports a broken link
	}
	if err != nil {
		return fmt.Errorf("look for policy: %w", err)
	}
	repository, err := d.repositoryRoot()
	if err != nil {
		return err
	}
	if repository != nil && !within(target, realPath(repository.path)) {
		return fmt.Errorf("%s is a link to %s, which %w %s", path, target, ErrOutside, repository.path)
	}
	foreign, err := leftByAnother(path)
	if err == nil && !foreign {
		foreign, err = leftByAnother(target)
	}
	if err != nil {
		return fmt.Errorf("look for policy: %w", err)
	}
	if foreign {
		return fmt.Errorf("%s %w", path, ErrForeign)
	}
	return nil
}

// ErrIfOutside returns an error that wraps [ErrOutside] if a file is in a git
// repository and the policy is not: then it does not apply to this file.
func (p *Policy) ErrIfOutside(file string) error {
	abs, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("locate %s: %w", file, err)
	}
	var f Finder
	repository, err := f.directory(filepath.Dir(realPath(abs))).repositoryRoot()
	if err != nil || repository == nil || within(realPath(p.Path), repository.path) {
		return err
	}
	return fmt.Errorf("%w for %s: %s %w %s, and is ignored", ErrNoPolicy, file, p.Path, ErrOutside, repository.path)
}

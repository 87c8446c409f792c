package environments

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// repositoryOf is the root of the git repository that a folder lies in, "" if it
// lies in none.
func repositoryOf(dir string) (string, error) {
	for {
		if ok, err := exists(filepath.Join(dir, ".git")); ok || err != nil {
			return dir, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// within reports whether a path is dir or lies below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// trusted refuses a policy that is a link out of its repository, whose history
// then does not show what it says, and one that a stranger may have left.
func trusted(policy string) error {
	repository, err := repositoryOf(filepath.Dir(policy))
	if err != nil {
		return err
	}
	target, err := filepath.EvalSymlinks(policy)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a broken link is for its reader
	}
	if err != nil {
		return fmt.Errorf("look for policy: %w", err)
	}
	if repository != "" && !within(target, realPath(repository)) {
		return fmt.Errorf("%s is a link to %s, which %w %s", policy, target, ErrOutside, repository)
	}
	foreign, err := leftByAnother(policy)
	if err == nil && !foreign {
		foreign, err = leftByAnother(target)
	}
	if err != nil {
		return fmt.Errorf("look for policy: %w", err)
	}
	if foreign {
		return fmt.Errorf("%s %w", policy, ErrForeign)
	}
	return nil
}

// ErrIfOutside returns an error that wraps [ErrOutside] if a file lies in a git
// repository and the policy does not: then it is not for this file, whoever found it.
func (p *Policy) ErrIfOutside(file string) error {
	abs, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("locate %s: %w", file, err)
	}
	repository, err := repositoryOf(filepath.Dir(realPath(abs)))
	if err != nil || repository == "" || within(realPath(p.Path), repository) {
		return err
	}
	return fmt.Errorf("%w for %s: %s %w %s, and is not obeyed", ErrNoPolicy, file, p.Path, ErrOutside, repository)
}

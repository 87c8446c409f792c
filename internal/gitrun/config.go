package gitrun

import (
	"context"
	"errors"
)

// Config returns the settings whose name matches a regular expression, as git
// config --null prints them: NAME, a line feed, VALUE, a zero byte. It returns nil
// without git and for a repository that has no such setting.
func (g *Git) Config(ctx context.Context, dir, names string) ([]byte, error) {
	args := []string{"config", "--null", "--get-regexp", names}
	r, err := g.run(ctx, dir, args...)
	switch {
	case errors.Is(err, ErrNoGit):
		return nil, nil
	case err != nil:
		return nil, err
	case r.code > 1: // 1: no such setting
		return nil, r.failure(args...)
	}
	return r.stdout, nil
}

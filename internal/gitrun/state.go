package gitrun

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A State is git's treatment of a path.
type State int

// The states of a path.
const (
	Outside   State = iota // in no work tree, or in a directory .git
	Ignored                // git ignores it and does not track it
	Untracked              // the next git add would include it
	Tracked                // it is in the index
)

// State returns how git treats a path, which need not exist. If it is a link, the
// target counts. Without git, every path is [Outside].
func (g *Git) State(ctx context.Context, path string) (State, error) {
	dir, rest, err := existing(path)
	if err != nil {
		return Outside, err
	}
	if _, err := g.Root(ctx, dir); errors.Is(err, ErrNoGit) || errors.Is(err, ErrNotRepository) {
		return Outside, nil
	} else if err != nil {
		return Outside, err
	}
	r, err := g.list(ctx, dir, "--literal-pathspecs", "ls-files", "-z", "--", rest)
	if err != nil {
		return Outside, err
	}
	if len(r.stdout) > 0 {
		return Tracked, nil
	}
	args := []string{"check-ignore", "-q", "--", "./" + filepath.ToSlash(rest)} // it reads : as magic, but * as a name
	if r, err = g.run(ctx, dir, args...); err != nil {
		return Outside, err
	}
	switch r.code {
	case 0:
		return Ignored, nil
	case 1:
		return Untracked, nil
	}
	return Outside, r.failure(args...)
}

// Versions returns the commits that changed a file, at most limit and the newest first,
// and the file's object in each of them. [Git.Blobs] reads the objects in dir.
func (g *Git) Versions(ctx context.Context, path string, limit int) (commits, objects []string, dir string, err error) {
	dir, rest, err := existing(path)
	if err != nil || strings.Contains(rest, "\n") {
		return nil, nil, "", err
	}
	args := []string{"--literal-pathspecs", "rev-list", "--max-count=" + strconv.Itoa(limit), "HEAD", "--", rest}
	r, err := g.run(ctx, dir, args...)
	if err != nil {
		return nil, nil, "", err
	}
	if r.code != 0 {
		return nil, nil, "", r.failure(args[1:]...)
	}
	for commit := range strings.FieldsSeq(string(r.stdout)) {
		commits = append(commits, commit)
		objects = append(objects, commit+":./"+filepath.ToSlash(rest))
	}
	return commits, objects, dir, nil
}

// existing splits a path into the nearest directory above it that exists, without
// symbolic links, and the rest. git run there finds a nested repository, and does
// not meet a link that it does not follow.
func existing(path string) (dir, rest string, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", "", err
	}
	if target, err := filepath.EvalSymlinks(abs); err == nil {
		abs = target
	}
	dir, rest = filepath.Dir(abs), filepath.Base(abs)
	for {
		info, err := os.Stat(dir)
		if err == nil && info.IsDir() {
			dir, err = filepath.EvalSymlinks(dir)
			return dir, rest, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", "", err
		}
		dir, rest = parent, filepath.Join(filepath.Base(dir), rest)
	}
}

// Tracked returns the contents of a path in the index, and whether git tracks the path.
// The contents of an object that is not in this clone are empty.
func (g *Git) Tracked(ctx context.Context, path string) (contents []byte, tracked bool, err error) {
	dir, rest, err := existing(path)
	if err != nil {
		return nil, false, err
	}
	if _, err := g.Root(ctx, dir); errors.Is(err, ErrNoGit) || errors.Is(err, ErrNotRepository) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	r, err := g.list(ctx, dir, "--literal-pathspecs", "ls-files", "-z", "-s", "--", rest)
	if err != nil {
		return nil, false, err
	}
	for entry := range split(r.stdout) {
		info, _, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(info) // mode, object, stage
		if len(fields) != 3 {
			continue
		}
		tracked = true
		err = g.Blobs(ctx, dir, fields[1:2], func(_ int, blob []byte, _ bool) { contents = blob })
		return contents, tracked, err
	}
	return nil, false, nil
}

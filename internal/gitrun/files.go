package gitrun

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/internal/errtext"
)

// A Kind is the kind of a path in a work tree.
type Kind int

// The kinds of a path.
const (
	Regular    Kind = iota
	Link            // a symbolic link
	Repository      // a submodule, or the directory of a nested repository
)

// A File is a path that git tracks or would add.
type File struct {
	Path string // absolute
	Kind Kind
	Blob string // the object in the index, "" for an untracked file
	// Unseen is set if git does not look at the path in the work tree, because of
	// a sparse checkout or of git update-index. It may be there or not.
	Unseen bool
}

// Files lists the tracked files of the work tree at root, then the untracked files
// that git does not ignore. A file with several stages occurs once. unread holds
// git's messages about files and directories that it could not read.
func (g *Git) Files(ctx context.Context, root string) (files []File, unread []string, err error) {
	tracked, err := g.list(ctx, root, "ls-files", "-z", "-s", "-v")
	if err != nil {
		return nil, nil, err
	}
	last := ""
	for entry := range split(tracked.stdout) {
		// TAG MODE OBJECT STAGE, a tab, and the path
		head, path, ok := strings.Cut(entry, "\t")
		fields := strings.Fields(head)
		if !ok || len(fields) != 4 {
			return nil, nil, fmt.Errorf("git ls-files: unexpected entry")
		}
		if path == last {
			continue
		}
		last = path
		f := File{Path: join(root, path), Blob: fields[2], Unseen: fields[0] == "S" || fields[0] != strings.ToUpper(fields[0])}
		switch fields[1] {
		case "120000":
			f.Kind = Link
		case "160000":
			f.Kind = Repository
		}
		files = append(files, f)
	}
	others, err := g.list(ctx, root, "ls-files", "-z", "-o", "--exclude-standard")
	if err != nil {
		return nil, nil, err
	}
	for path := range split(others.stdout) {
		f := File{Path: join(root, strings.TrimSuffix(path, "/"))}
		if strings.HasSuffix(path, "/") {
			f.Kind = Repository
		} else if info, err := os.Lstat(f.Path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			f.Kind = Link
		}
		files = append(files, f)
	}
	return files, others.complaints(), nil
}

// Containing lists the regular files of [Git.Files] that contain text in the work
// tree. It may leave out Unseen files.
func (g *Git) Containing(ctx context.Context, root, text string) (paths, unread []string, err error) {
	args := []string{"grep", "-lzaF", "--untracked", "--no-recurse-submodules", "--no-color", "-e", text}
	r, err := g.run(ctx, root, args...)
	if err != nil {
		return nil, nil, err
	}
	if r.code > 1 {
		return nil, nil, r.failure(args...)
	}
	for path := range split(r.stdout) {
		paths = append(paths, join(root, path))
	}
	return paths, r.complaints(), nil
}

// Blobs calls fn with the contents of each object, in order; ok is false for one
// that is not in this clone.
func (g *Git) Blobs(ctx context.Context, root string, objects []string, fn func(i int, contents []byte, ok bool)) error {
	if len(objects) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	args := []string{"cat-file", "--batch", "--buffer"}
	cmd, err := g.command(ctx, root, args...)
	if err != nil {
		return err
	}
	cmd.Stdin = strings.NewReader(strings.Join(objects, "\n") + "\n")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run git %s: %w", args[0], err)
	}
	err = readBlobs(bufio.NewReader(out), len(objects), fn)
	if err != nil {
		cancel()
		err = fmt.Errorf("git %s: %w", args[0], err)
	}
	waitErr := cmd.Wait()
	if err == nil && waitErr != nil {
		err = fmt.Errorf("git %s: %w", args[0], waitErr)
	}
	return err
}

// readBlobs reads the output of git cat-file --batch for n objects.
func readBlobs(r *bufio.Reader, n int, fn func(i int, contents []byte, ok bool)) error {
	for i := range n {
		line, err := r.ReadString('\n') // OBJECT TYPE SIZE, or OBJECT missing
		if err != nil {
			return err
		}
		if strings.HasSuffix(line, " missing\n") { // the object may have a name with spaces
			fn(i, nil, false)
			continue
		}
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return errors.New("unexpected answer")
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			return errors.New("unexpected answer")
		}
		contents := make([]byte, size+1) // a line feed follows
		if _, err := io.ReadFull(r, contents); err != nil {
			return err
		}
		fn(i, contents[:size], true)
	}
	return nil
}

func (g *Git) list(ctx context.Context, root string, args ...string) (result, error) {
	r, err := g.run(ctx, root, args...)
	if err == nil && r.code != 0 {
		err = r.failure(args...)
	}
	return r, err
}

// complaints are the lines that git has written to stderr.
func (r result) complaints() []string {
	var lines []string
	for line := range strings.Lines(r.stderr) {
		if line = errtext.OneLine(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// split returns the entries of a list in which each entry ends with a zero byte.
func split(list []byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(list) > 0 {
			entry, rest, _ := bytes.Cut(list, []byte{0})
			if !yield(string(entry)) {
				return
			}
			list = rest
		}
	}
}

func join(root, path string) string { return filepath.Join(root, filepath.FromSlash(path)) }

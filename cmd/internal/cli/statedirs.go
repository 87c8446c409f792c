package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
)

// A StateDir holds encrypted files that belong to the user and not to a project:
// drafts, and copies of files that are written in place.
type StateDir struct {
	Path string
	Temp bool // a directory for temporary files, where others can make dir first
}

// StateDirs returns the directories for one kind of files, the preferred one first.
// Without a writable home directory, files go to the temporary directory.
func (a *App) StateDirs(kind string) []StateDir {
	var places []StateDir
	state := a.Env("XDG_STATE_HOME")
	if home := keys.HomeDir(a.LookupEnv); !filepath.IsAbs(state) && filepath.IsAbs(home) {
		state = filepath.Join(home, ".local", "state")
	}
	if filepath.IsAbs(state) {
		places = append(places, StateDir{Path: filepath.Join(state, "sealcfg", kind)})
	}
	if temp, err := filepath.Abs(os.TempDir()); err == nil {
		places = append(places, StateDir{filepath.Join(temp, fmt.Sprintf("sealcfg-%s-%d", kind, os.Getuid())), true})
	}
	return places
}

// Dirs returns the existing directories that other users cannot enter.
func (p StateDir) Dirs() []string {
	if !p.Temp {
		return []string{p.Path}
	}
	all, _ := filepath.Glob(p.Path + "-*") // the pattern is well-formed
	return slices.DeleteFunc(append([]string{p.Path}, all...), func(dir string) bool { return scratch.Private(dir) != nil })
}

// Foreign returns the path of the directory if another user has made it or can enter it,
// and "" otherwise.
func (p StateDir) Foreign() string {
	if err := scratch.Private(p.Path); !p.Temp || err == nil || errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return p.Path
}

// MakeDir returns a directory for a new file. If the usual one is foreign, it makes one
// with a random name.
func (p StateDir) MakeDir() (string, error) {
	if !p.Temp {
		return p.Path, atomicfile.MkdirAll(p.Path, 0o700)
	}
	if p.Foreign() == "" {
		return p.Path, scratch.MakePrivate(p.Path)
	}
	if own := p.Dirs(); len(own) > 0 {
		return own[0], nil
	}
	return os.MkdirTemp(filepath.Dir(p.Path), filepath.Base(p.Path)+"-*")
}

// Write writes a file into the directory and returns its path.
func (p StateDir) Write(ctx context.Context, name string, text []byte, opt atomicfile.Options) (string, error) {
	dir, err := p.MakeDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	opt.Private = true
	return path, atomicfile.Write(ctx, path, text, opt)
}

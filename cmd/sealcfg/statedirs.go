package main

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

// A statePlace holds encrypted files that belong to the user and not to a project:
// drafts, and copies of files that are written in place.
type statePlace struct {
	dir  string
	temp bool // a directory for temporary files, where others can make dir first
}

// statePlaces returns the places for one kind of files, the best first. Without a
// home, or with one that cannot be written, files go to the temporary directory.
func (a *app) statePlaces(kind string) []statePlace {
	var places []statePlace
	state := a.env("XDG_STATE_HOME")
	if home := keys.HomeDir(a.lookupEnv); !filepath.IsAbs(state) && filepath.IsAbs(home) {
		state = filepath.Join(home, ".local", "state")
	}
	if filepath.IsAbs(state) {
		places = append(places, statePlace{dir: filepath.Join(state, "sealcfg", kind)})
	}
	if temp, err := filepath.Abs(os.TempDir()); err == nil {
		places = append(places, statePlace{filepath.Join(temp, fmt.Sprintf("sealcfg-%s-%d", kind, os.Getuid())), true})
	}
	return places
}

// dirs returns the existing directories that other users cannot enter.
func (p statePlace) dirs() []string {
	if !p.temp {
		return []string{p.dir}
	}
	all, _ := filepath.Glob(p.dir + "-*") // the pattern is well-formed
	return slices.DeleteFunc(append([]string{p.dir}, all...), func(dir string) bool { return scratch.Private(dir) != nil })
}

// foreign returns the directory of the place if another user has made it, or can
// enter it, and "" otherwise.
func (p statePlace) foreign() string {
	if err := scratch.Private(p.dir); !p.temp || err == nil || errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return p.dir
}

// make returns a directory for a new file. If the usual one is foreign, it makes one
// with a random name.
func (p statePlace) make() (string, error) {
	if !p.temp {
		return p.dir, atomicfile.MkdirAll(p.dir, 0o700)
	}
	if p.foreign() == "" {
		return p.dir, scratch.MakePrivate(p.dir)
	}
	if own := p.dirs(); len(own) > 0 {
		return own[0], nil
	}
	return os.MkdirTemp(filepath.Dir(p.dir), filepath.Base(p.dir)+"-*")
}

// write writes a file of the place and returns its path.
func (p statePlace) write(ctx context.Context, name string, text []byte, opt atomicfile.Options) (string, error) {
	dir, err := p.make()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	opt.Private = true
	return path, atomicfile.Write(ctx, path, text, opt)
}

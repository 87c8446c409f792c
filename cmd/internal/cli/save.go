package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
)

// A copy holds the encrypted contents of a file that is written in place. The file can be restored
// from it if the write is interrupted. Copies are stored in the user's state directory, because git
// would find them next to the file.

const CopiesDir = "copies"

// copyName returns the name of the copy of a file.
func copyName(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	sum := sha256.Sum256([]byte(path))
	return fmt.Sprintf("%x-%s", sum[:8], filepath.Base(path))
}

// InPlace is [atomicfile.Options.InPlace] for a file of the project. text is
// encrypted: the old contents of the file, or the new ones.
func (a *App) InPlace(ctx context.Context, path string, text []byte) func() (func(bool), error) {
	return func() (func(bool), error) {
		var failed error
		for _, place := range a.StateDirs(CopiesDir) {
			kept, err := place.Write(ctx, copyName(path), text, atomicfile.Options{})
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			return func(written bool) {
				if err := os.Remove(kept); err != nil {
					a.Warn("cannot remove the copy of %s: %v", Shown(path), err)
				}
				a.reportInPlace(path, written)
			}, nil
		}
		return nil, WithHint(failed, "a file is copied before it is written in place; set $XDG_STATE_HOME to a writable directory")
	}
}

// WithoutCopy is InPlace for a file that can be made again from another one.
func (a *App) WithoutCopy(path string) func() (func(bool), error) {
	return func() (func(bool), error) {
		return func(written bool) { a.reportInPlace(path, written) }, nil
	}
}

func (a *App) reportInPlace(path string, written bool) {
	if written {
		a.Warn("%s was written in place, where a crash can damage it: it is a mount point, or its directory is not writable", Shown(path))
	}
}

// writeTime bounds the time of a write in place. If a file changed later, the copy
// belongs to another version of it.
const writeTime = time.Minute

// copyOf returns the copy that an interrupted write of a file has left, or "".
func (a *App) copyOf(path string) string {
	file, err := os.Stat(path)
	if err != nil {
		return ""
	}
	for _, place := range a.StateDirs(CopiesDir) {
		for _, dir := range place.Dirs() {
			kept := filepath.Join(dir, copyName(path))
			if info, err := os.Lstat(kept); err == nil && file.ModTime().Sub(info.ModTime()).Abs() < writeTime {
				return kept
			}
		}
	}
	return ""
}

// A damaged error reports a file that cannot be read or decrypted, or that was not written
// to its end.
type damaged struct {
	error
	path string
}

func (d damaged) Unwrap() error { return d.error }

// Damaged marks the error of a file of the project that cannot be read.
func (t *Target) Damaged(err error) error {
	if err == nil || t.stdin != nil || t.Path == "" {
		return err
	}
	return damaged{err, t.Path}
}

// MarkDamaged marks the error of a write that has damaged a file.
func MarkDamaged(path string, err error) error {
	if errors.Is(err, atomicfile.ErrDamaged) {
		return damaged{err, path}
	}
	return err
}

// restoreHint returns the hint for a file that an interrupted write has damaged, or
// "" for other errors.
func (a *App) restoreHint(err error) string {
	var d damaged
	if !errors.As(err, &d) {
		return ""
	}
	kept := a.copyOf(d.path)
	if kept == "" {
		return ""
	}
	return fmt.Sprintf("an interrupted write has damaged this file, and left a copy of its contents; to restore it, run: cp %s %s", ShellWord(kept), ShellWord(Shown(d.path)))
}

// SaveAll is Save for a file with hard links, which are made again. If the error wraps
// [atomicfile.ErrInPlace], the file has its new contents.
func (a *App) SaveAll(ctx context.Context, t *Target, s, old *envfile.Sealed) error {
	if err := a.Save(ctx, t, s, old); err != nil {
		return err
	}
	for _, alias := range t.Aliases {
		if err := atomicfile.Relink(ctx, t.Path, alias, old.Bytes()); err != nil {
			err = Quietly(atomicfile.ErrInPlace, fmt.Errorf("%s is written, but its hard link is not: %w", t.Shown, err))
			return WithHint(err, "once the cause is fixed, make the link again: ln -f %s %s", ShellWord(t.Shown), ShellWord(Shown(alias)))
		}
	}
	return nil
}

// Save replaces the file by s, unless the file has changed since old was read. If old is
// nil, the file must not exist yet.
func (a *App) Save(ctx context.Context, t *Target, s, old *envfile.Sealed) error {
	if old == nil {
		return MarkDamaged(t.Path, atomicfile.Write(ctx, t.Path, s.Bytes(), atomicfile.Options{NoClobber: true}))
	}
	before, statErr := os.Stat(t.Path)
	opt := atomicfile.Options{IfUnchanged: old.Bytes(), InPlace: a.InPlace(ctx, t.Path, s.Bytes())}
	err := MarkDamaged(t.Path, atomicfile.Write(ctx, t.Path, s.Bytes(), opt))
	if err == nil && statErr == nil {
		a.warnSeparated(t, before)
	}
	return err
}

// warnSeparated warns of hard links to a file that was replaced: they keep the old contents.
// before describes the file before. Links that are known as aliases are made again.
func (a *App) warnSeparated(t *Target, before os.FileInfo) {
	others := hardLinks(before) - 1 - len(t.Aliases)
	after, err := os.Stat(t.Path)
	if others < 1 || err != nil || os.SameFile(before, after) {
		return
	}
	a.Warn("%s: replaced, and no longer the same file as %s\nto find them, run: find . -inum %d",
		t.Shown, Count(others, "other hard link", "other hard links"), inode(before))
}

// ReplaceSealed writes a changed document and lists the changed fields.
func (a *App) ReplaceSealed(ctx context.Context, t *Target, old, s *envfile.Sealed, before, after *envfile.Document) error {
	if err := a.Save(ctx, t, s, old); err != nil {
		return err
	}
	changes := ChangesTo(s, before.Roots(), after.Roots())
	if len(changes) == 0 {
		a.Say("%s: written; no field changed, but comments or layout did", t.Shown)
	}
	return a.ReportChanges(changes)
}

// ManyTries bounds how often a change is applied again after another program has
// written the file.
const ManyTries = 100

package main

import (
	"context"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/gitrun"
)

// warnWritten warns if git tracks a file with plaintext or an identity, or if the next
// git add would include it. what names the contents.
func (a *app) warnWritten(ctx context.Context, path, what string) {
	state, err := a.git.State(ctx, path)
	switch {
	case err != nil:
		a.warn("%s: the file contains %s, and git may add it to a commit: %v", shown(path), what, err)
	case state == gitrun.Untracked:
		a.warn("%s: the next git add includes this file, which contains %s\nto keep it out of commits, add it to .gitignore", shown(path), what)
	case state == gitrun.Tracked:
		a.warn("%s: the next commit may include this file, which git tracks and which contains %s\nto take it out of git, run: git rm --cached %s", shown(path), what, shellWord(shown(path)))
	}
}

// warnTracked warns if git tracks the plaintext that encrypt has read.
func (a *app) warnTracked(ctx context.Context, t *target) {
	if t.path == "" {
		return
	}
	contents, tracked, err := a.git.Tracked(ctx, t.path)
	if err != nil || !tracked {
		return // without git, or a repository that it reads, there is no history to warn about
	}
	if _, encrypted := envfile.Detect(t.path, contents); encrypted || len(contents) == 0 {
		return
	}
	a.warn("%s: git tracks the plaintext and keeps it in its history; rotate these values where they were issued", t.shown)
}

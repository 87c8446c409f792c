package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/gitrun"
)

// WarnWritten warns if git tracks a file with plaintext or an identity, or if the next git
// add would include it. what describes the contents.
func (a *App) WarnWritten(ctx context.Context, path, what string) {
	state, err := a.Git.State(ctx, path)
	switch {
	case err != nil:
		a.Warn("%s: the file contains %s, and git may add it to a commit: %v", Shown(path), what, err)
	case state == gitrun.Untracked:
		a.Warn("%s: the next git add includes this file, which contains %s\nto keep it out of commits, add it to .gitignore", Shown(path), what)
	case state == gitrun.Tracked:
		a.Warn("%s: the next commit may include this file, which git tracks and which contains %s\nto take it out of git, run: git rm --cached %s", Shown(path), what, ShellWord(Shown(path)))
	}
}

// WarnTracked warns if git tracks the plaintext that encrypt has read.
func (a *App) WarnTracked(ctx context.Context, t *Target) {
	if t.Path == "" {
		return
	}
	contents, tracked, err := a.Git.Tracked(ctx, t.Path)
	if err != nil || !tracked {
		return // without git, or a repository that it reads, there is no history to warn about
	}
	if _, encrypted := envfile.Detect(t.Path, contents); encrypted || len(contents) == 0 {
		return
	}
	a.Warn("%s: git tracks the plaintext and keeps it in its history; rotate these values where they were issued", t.Shown)
}

// RefuseCachedTextconv returns an error if git would store printed plaintext in the
// repository: with cachetextconv, git keeps the output of a textconv program under
// refs/notes/textconv, where it is pushed and backed up.
//
// Git does not report to a program that it is a textconv. But it sets $GIT_PREFIX, and
// then the configuration is searched for a driver that runs sealcfg or sops.
func (a *App) RefuseCachedTextconv(ctx context.Context) error {
	if _, byGit := a.LookupEnv("GIT_PREFIX"); !byGit || isTerminal(a.Stdout) {
		return nil
	}
	config, err := a.Git.Config(ctx, ".", `^diff\..*\.(textconv|cachetextconv)$`)
	if err != nil {
		return fmt.Errorf("read the git configuration: %w", err)
	}
	driver := keepingDriver(config)
	if driver == "" {
		return nil
	}
	return WithHint(fmt.Errorf("git would store the plaintext in this repository: diff.%s.cachetextconv is on", Clean(driver)),
		"turn it off: git config diff.%[1]s.cachetextconv false\nif refs/notes/textconv/%[1]s exists, it may contain plaintext; delete it: git update-ref -d refs/notes/textconv/%[1]s", Clean(driver))
}

// keepingDriver returns the diff driver in the output of git config --null that runs
// sealcfg and caches its output, or "".
func keepingDriver(config []byte) string {
	runs, keeps := map[string]bool{}, map[string]bool{}
	var names []string
	for _, entry := range bytes.Split(config, []byte{0}) {
		key, value, given := strings.Cut(string(entry), "\n")
		name, variable, found := cutLast(strings.TrimPrefix(key, "diff."), ".")
		if !found {
			continue
		}
		if names = append(names, name); variable == "textconv" { // the last one counts
			runs[name] = strings.Contains(value, "sealcfg") || strings.Contains(value, "sops")
		} else {
			keeps[name] = !given || isTrue(value)
		}
	}
	i := slices.IndexFunc(names, func(name string) bool { return runs[name] && keeps[name] })
	if i < 0 {
		return ""
	}
	return names[i]
}

// isTrue parses a boolean of the git configuration. Git itself reports values that are
// neither.
func isTrue(value string) bool {
	return !slices.Contains([]string{"false", "no", "off", "0", ""}, strings.ToLower(value))
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// notCached refuses to print plain text to a git that would keep it: with
// cachetextconv, git stores what a textconv command prints as a note, in clear, for
// good. git does not say why it runs a program, so its configuration is asked, and
// only if git runs this one.
func (a *app) notCached(ctx context.Context, path string) error {
	_, prefix := a.lookupEnv("GIT_PREFIX") // which git sets for what it runs, if to nothing
	_, programs := a.lookupEnv("GIT_EXEC_PATH")
	if !prefix || !programs || isTerminal(a.out) {
		return nil
	}
	settings := func(args ...string) map[string]string {
		out, err := exec.CommandContext(ctx, "git", append([]string{"config", "--null"}, args...)...).Output()
		if err != nil {
			return nil // none is set
		}
		byDriver := map[string]string{}
		for entry := range strings.SplitSeq(string(out), "\x00") {
			name, value, _ := strings.Cut(entry, "\n")
			name = strings.TrimPrefix(name, "diff.")
			if dot := strings.LastIndex(name, "."); dot >= 0 {
				byDriver[name[:dot]] = value
			}
		}
		return byDriver
	}
	var commands map[string]string
	for driver, cached := range settings("--type=bool", "--get-regexp", `^diff\..*\.cachetextconv$`) {
		if cached != "true" {
			continue
		}
		if commands == nil {
			commands = settings("--get-regexp", `^diff\..*\.textconv$`)
		}
		ours := strings.Contains(commands[driver], "sops") || strings.Contains(commands[driver], "sealcfg")
		if ours || strings.HasPrefix(filepath.Base(filepath.Dir(path)), "git-blob-") && commands[driver] != "" {
			return withHint(fmt.Errorf("git would keep the plain text in refs/notes/textconv/%[1]s: diff.%[1]s.cachetextconv is set", driver),
				"git config --unset diff.%[1]s.cachetextconv\nwhat it has kept so far: git update-ref -d refs/notes/textconv/%[1]s, then git gc --prune=now", driver)
		}
	}
	return nil
}

//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A habit is an editor with settings that keep copies of everything, and the keys for common
// actions.
type habit struct {
	editor   string
	settings map[string]string // files in the home directory
	change   []string          // gives db.password the canary, copies it, searches for it, and saves
	more     []string          // types the canary once more, without saving
	quit     []string          // quits after change
	abandon  []string          // quits after more, without saving
	spoil    []string          // makes broken YAML, saves and quits
	fail     []string          // quits after change with an exit code; nil if only a signal can do that
}

// A step that begins with ^ names one or several keys; others are typed. CANARY is replaced by the
// canary, and HOME by the home directory.
var habits = []habit{
	{
		editor: "vim",
		settings: map[string]string{".vimrc": `
set nocompatible backup writebackup undofile swapfile updatecount=1 patchmode=.orig history=1000
set backupdir=HOME/copies directory=HOME/copies undodir=HOME/copies viminfo='100,/100,:100,<1000,s1000,@100
`},
		change:  []string{":%s/change-me/CANARY/", "^Enter", "yy", "/CANARY", "^Enter", ":w", "^Enter"},
		more:    []string{"oCANARY CANARY CANARY", "^Escape"},
		quit:    []string{":q", "^Enter"},
		abandon: []string{":q!", "^Enter"},
		spoil:   []string{":%s/^db:/db: [/", "^Enter", ":wq", "^Enter"},
		fail:    []string{":cq", "^Enter"},
	},
	{
		editor: "nano",
		settings: map[string]string{".config/nano/nanorc": `
set backup
set backupdir "HOME/copies"
set historylog
set positionlog
set locking
`},
		change:  []string{`^C-\`, "change-me", "^Enter", "CANARY", "^Enter", "y", "^C-w", "CANARY", "^Enter", "^M-6", "^C-o Enter"},
		more:    []string{"^C-u", "CANARY CANARY", "^Enter"},
		quit:    []string{"^C-x"},
		abandon: []string{"^C-x", "n"},
		spoil:   []string{"^M-\\ ", "db: [ # CANARY", "^Enter", "^C-o Enter C-x"},
	},
	{
		editor: "emacs",
		settings: map[string]string{".emacs.d/init.el": `
(setq make-backup-files t vc-make-backup-files t version-control t backup-by-copying t delete-old-versions t
      backup-directory-alist '(("." . "HOME/copies"))
      auto-save-default t auto-save-interval 20 auto-save-timeout 1
      auto-save-file-name-transforms '((".*" "HOME/copies/" t))
      create-lockfiles t
      savehist-additional-variables '(kill-ring search-ring regexp-search-ring register-alist)
      savehist-autosave-interval 1
      desktop-path '("HOME/copies") desktop-dirname "HOME/copies" desktop-save t desktop-auto-save-timeout 1
      desktop-globals-to-save '(kill-ring search-ring register-alist))
(recentf-mode 1)
(save-place-mode 1)
(desktop-save-mode 1)
(add-hook 'emacs-startup-hook #'savehist-mode)
`},
		change:  []string{"^M-%", "change-me", "^Enter", "CANARY", "^Enter", "!", "^C-s", "CANARY", "^Enter", "^C-a C-k C-y", "^C-x C-s"},
		more:    []string{"CANARY CANARY CANARY"},
		quit:    []string{"^C-x C-c"},
		abandon: []string{"^C-x C-c", "n", "yes", "^Enter"},
		spoil:   []string{"^M-<", "db: [ # CANARY", "^Enter", "^C-x C-s", "^C-x C-c"},
		fail:    []string{"^M-:", "(kill-emacs 3)", "^Enter"},
	},
}

// does performs steps in the editor.
func (p *person) does(steps []string) {
	p.t.Helper()
	for _, step := range steps {
		step = strings.ReplaceAll(step, "CANARY", p.canary)
		if keys, ok := strings.CutPrefix(step, "^"); ok && keys != "" {
			p.press(strings.Fields(keys)...)
		} else {
			p.types(step)
		}
	}
}

// newHabit creates a git repository and a home directory with the editor's settings.
func newHabit(t *testing.T, h habit) *person {
	t.Helper()
	p := newPerson(t, h.editor, "git")
	for _, dir := range []string{"copies", ".local/share"} {
		require.NoError(t, os.MkdirAll(filepath.Join(p.home, dir), 0o700))
	}
	for name, text := range h.settings {
		path := filepath.Join(p.home, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "HOME", p.home)), 0o600))
	}
	// Backups contain the previous contents.
	set := p.command("sealcfg", "set", "-q", "prod", "db.other", "-")
	set.Stdin = strings.NewReader(p.canary)
	require.NoError(t, set.Run())
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-qm", "one"}} {
		out, err := p.command("git", args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return p
}

// saved waits until the editor's file, wherever it is, contains the change.
func (p *person) saved(path func() string) {
	p.t.Helper()
	p.waits(func() bool {
		text, _ := os.ReadFile(path())
		return bytes.Contains(text, []byte("password: "+p.canary))
	}, func() string { return "the editor has not saved:\n" + p.screen() })
}

// child returns the only child of a process.
func (p *person) child(pid int) int {
	p.t.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	require.NoError(p.t, err)
	var children []string
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		require.NoError(p.t, err)
		children = append(children, strings.Fields(string(text))...)
	}
	require.Len(p.t, children, 1)
	child, err := strconv.Atoi(children[0])
	require.NoError(p.t, err)
	return child
}

// gone waits for the end of a process. A zombie counts as ended.
func (p *person) gone(pid int) {
	p.t.Helper()
	p.waits(func() bool {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		return err != nil || bytes.Contains(stat, []byte(") Z "))
	}, func() string { return "process " + strconv.Itoa(pid) + " does not end" })
}

// leavesNothingInGit commits all files and searches every object.
func (p *person) leavesNothingInGit() {
	p.t.Helper()
	for _, args := range [][]string{{"add", "-A"}, {"commit", "-q", "--allow-empty", "-m", "two"}} {
		out, err := p.command("git", args...).CombinedOutput()
		require.NoError(p.t, err, "%s", out)
	}
	objects, err := p.command("git", "cat-file", "--batch-all-objects", "--batch").Output()
	require.NoError(p.t, err)
	require.Contains(p.t, string(objects), "sops:", "it is all there")
	assert.NotContains(p.t, string(objects), p.canary)
}

// The editor's file; exactly one exists while the editor runs.
func (p *person) editorsFile(editor int) func() string {
	cmdline, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(editor), "cmdline"))
	require.NoError(p.t, err)
	words := strings.Split(strings.TrimSuffix(string(cmdline), "\x00"), "\x00")
	return func() string { return words[len(words)-1] }
}

// envEditors selects all ways to quit in all editors, which .ci/run tests in a separate step.
// Without it, each editor quits in one way.
const envEditors = "SEALCFG_TEST_EDITORS"

// However an editor is configured, and however it or sealcfg ends, no plaintext is left anywhere.
// The exception is the file in memory after kill -9 of sealcfg, which the next command removes.
func TestEditorsLeaveNothing(t *testing.T) {
	t.Parallel()
	for _, h := range habits {
		for i, end := range ends {
			if i > 0 && os.Getenv(envEditors) != "all" {
				break
			}
			t.Run(h.editor+" "+end.name, func(t *testing.T) {
				p := newHabit(t, h)
				p.edits("prod", h.editor)
				sealcfg := p.pid()
				editor := p.child(sealcfg)
				file := p.editorsFile(editor)
				require.Regexp(t, `^/dev/shm/sealcfg-[0-9]+-[A-Z2-7]+/prod\.yaml$`, file(), "nothing of a value in the name")
				p.does(h.change)
				p.saved(file)
				end.ends(p, h, sealcfg, editor)
				p.gone(editor)
				p.gone(sealcfg)
				p.leavesNothing()
				entries, err := os.ReadDir(os.TempDir())
				require.NoError(t, err)
				for _, e := range entries {
					if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) < time.Minute {
						text, _ := os.ReadFile(filepath.Join(os.TempDir(), e.Name()))
						assert.NotContains(t, string(text), p.canary, e.Name())
					}
				}
				p.leavesNothingInGit()
			})
		}
	}
}

// failed waits for exit code 1 on the screen, over the editor's last output.
var failed = regexp.MustCompile(`exit=1(\D|$)`)

type end struct {
	name string
	ends func(p *person, h habit, sealcfg, editor int)
}

// signals ends the editor by a signal while a change is not saved.
func signals(name string, ended func(p *person, sealcfg, editor int)) end {
	return end{name, func(p *person, h habit, sealcfg, editor int) {
		p.does(h.more)
		p.sees(p.canary + " " + p.canary)
		ended(p, sealcfg, editor)
	}}
}

func kill(p *person, pid int, sig syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, syscall.Kill(pid, sig))
}

var ends = []end{
	{"saved", func(p *person, h habit, _, _ int) {
		p.does(h.quit)
		p.sees("~ db.password", "exit=0")
	}},
	{"abandoned", func(p *person, h habit, _, _ int) {
		p.does(h.more)
		p.does(h.abandon)
		p.sees("exit=0")
	}},
	{"exit code", func(p *person, h habit, _, editor int) {
		if p.does(h.fail); h.fail == nil {
			p.does(h.more)
			p.sees(p.canary + " " + p.canary)
			kill(p, editor, syscall.SIGTERM)
		}
		p.sees("ended with exit code", "exit=1")
	}},
	{"broken and given up", func(p *person, h habit, sealcfg, editor int) {
		p.does(h.spoil)
		p.gone(editor)
		p.sees("#! sealcfg: fix it and save")
		second := p.child(sealcfg)
		p.does(h.quit)
		p.sees("sealcfg edit --resume prod", "exit=1")
		p.gone(second)
	}},
	signals("kill -9 of sealcfg", func(p *person, sealcfg, editor int) {
		kill(p, sealcfg, syscall.SIGKILL)
		p.waits(func() bool { return strings.Contains(p.screen(), "exit=137") }, p.screen)
		for _, path := range p.find([]byte(p.canary)) {
			assert.Regexp(p.t, `^/dev/shm/sealcfg-[0-9]+-`, path, "in memory alone")
		}
		p.sealcfg("version")
		p.leavesNothing()
		_ = syscall.Kill(editor, syscall.SIGKILL) // in case it did not notice that its terminal is gone
	}),
	signals("kill -9 of the editor", func(p *person, _, editor int) {
		kill(p, editor, syscall.SIGKILL)
		p.sees("ended with exit code 137")
		p.waits(func() bool { return failed.MatchString(p.screen()) }, p.screen)
	}),
	signals("terminal closed", func(p *person, _, _ int) { p.tmux("kill-server") }),
	signals("SIGTERM", func(p *person, sealcfg, _ int) {
		kill(p, sealcfg, syscall.SIGTERM)
		p.waits(func() bool { return strings.Contains(p.screen(), "exit=130") }, p.screen)
	}),
}

// Without the options that sealcfg passes to the editors, the settings would leave copies. This
// shows that the test above can fail.
func TestEditorsLeaveSomethingByThemselves(t *testing.T) {
	t.Parallel()
	for _, h := range habits {
		t.Run(h.editor, func(t *testing.T) {
			p := newHabit(t, h)
			dir, err := os.MkdirTemp("/dev/shm", "person") // editors make no backups of files in /tmp
			require.NoError(t, err)
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			plain := filepath.Join(dir, "prod.yaml")
			require.NoError(t, os.WriteFile(plain, []byte("# Settings of prod\ndb:\n  password: change-me\n  other: "+p.canary+"\n"), 0o600))
			p.runs(h.editor + " " + plain)
			p.sees("change-me", "Settings of")
			p.does(h.change)
			p.saved(func() string { return plain })
			p.does(h.quit)
			p.sees("exit=0")
			require.NoError(t, os.Remove(plain))
			left := p.find([]byte(p.canary))
			t.Log(left)
			assert.NotEmpty(t, left)
		})
	}
}

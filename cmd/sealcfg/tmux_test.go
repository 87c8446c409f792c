//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
)

// patience is how long a terminal test waits for output that must appear. It allows for a busy
// machine.
const patience = 20 * time.Second

// A person uses a real terminal (tmux) in their own project.
type person struct {
	t       *testing.T
	home    string
	project string
	canary  string // a value that must not appear anywhere
	env     []string
	socket  string
}

// newPerson creates a home directory, a project with encrypted environments, and a terminal with a
// shell. tools are the programs that the test requires in addition to tmux.
func newPerson(t *testing.T, tools ...string) *person {
	t.Helper()
	t.Parallel()
	for _, tool := range append(tools, "tmux") {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed: apt-get install -y tmux vim nano emacs-nox", tool)
		}
		t.Skipf("NOT TESTED: %s is not installed (apt-get install -y tmux vim nano emacs-nox)", tool)
	}
	// Not t.TempDir: its path may be too long for a socket.
	home, err := os.MkdirTemp("", "person")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	p := &person{
		t: t, home: home, project: filepath.Join(home, "project"),
		canary: "CANARY" + rand.Text(), socket: filepath.Join(home, "tmux"),
	}
	for _, dir := range []string{p.project, filepath.Join(home, "tmp")} {
		require.NoError(t, os.Mkdir(dir, 0o700))
	}
	for name, value := range clitest.Isolated(home) {
		p.env = append(p.env, name+"="+value)
	}
	p.env = append(p.env, "PATH="+os.Getenv("PATH"), "TMPDIR="+filepath.Join(home, "tmp"), "XDG_DATA_HOME="+filepath.Join(home, ".local", "share"), "TERM=screen", "LANG=C.UTF-8", "PS1=$ ", "SHELL=/bin/sh")
	p.sealcfg("init", "-q", "--name", "alice")
	p.tmux("-f", os.DevNull, "new-session", "-d", "-x", "120", "-y", "40", "-c", p.project, "/bin/sh", "-i") // two words; otherwise tmux runs a shell around it
	t.Cleanup(func() { _ = p.command("tmux", "-S", p.socket, "kill-server").Run() })
	p.sees("$")
	return p
}

func (p *person) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir = p.env, p.project
	return cmd
}

// sealcfg runs the command outside the terminal and returns its stdout.
func (p *person) sealcfg(args ...string) string {
	p.t.Helper()
	out, err := p.command("sealcfg", args...).Output()
	require.NoError(p.t, err, "sealcfg %v", args)
	return string(out)
}

func (p *person) tmux(args ...string) string {
	p.t.Helper()
	out, err := p.command("tmux", append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	require.NoError(p.t, err, "tmux %v: %s", args, out)
	return string(out)
}

// types sends literal text; press sends keys by their tmux names.
func (p *person) types(text string) { p.t.Helper(); p.tmux("send-keys", "-l", text) }
func (p *person) press(keys ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, keys...)...)
}
func (p *person) enters(lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		p.types(line)
		p.press("Enter")
	}
}

// runs types a command line whose exit code appears as exit=N.
func (p *person) runs(line string) {
	p.t.Helper()
	p.tmux("send-keys", "-R") // so that the output of the last command is not mistaken for this one's
	p.enters(line + "; echo exit=$?")
}

func (p *person) screen() string { p.t.Helper(); return p.tmux("capture-pane", "-p", "-J") }

// sees waits until the screen contains all texts, and returns the screen.
func (p *person) sees(texts ...string) string {
	p.t.Helper()
	var screen string
	p.waits(func() bool {
		screen = p.screen()
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	}, func() string { return fmt.Sprintf("want %q on the screen:\n%s", texts, screen) })
	return screen
}

// waits polls until a condition holds.
func (p *person) waits(until func() bool, otherwise func() string) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !until(); <-tick.C {
		if time.Now().After(deadline) {
			p.t.Fatal(otherwise())
		}
	}
}

// edits runs edit and waits until the editor shows the file.
func (p *person) edits(env, editor string) {
	p.t.Helper()
	p.runs("EDITOR='" + editor + "' sealcfg edit " + env)
	p.sees("change-me", "Settings of")
}

// pid returns the process id of the sealcfg in the terminal.
func (p *person) pid() int {
	p.t.Helper()
	shell := strings.TrimSpace(p.tmux("display-message", "-p", "#{pane_pid}"))
	children, err := os.ReadFile(filepath.Join("/proc", shell, "task", shell, "children"))
	require.NoError(p.t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	require.NoError(p.t, err, "one child of the shell")
	return pid
}

// plainFile returns the path of the plaintext file that this person's editor has open, or "".
func (p *person) plainFile() string {
	for _, path := range p.find([]byte(p.canary)) {
		if strings.HasPrefix(path, "/dev/shm/") {
			return path
		}
	}
	return ""
}

// leavesNothing fails if any file in a directory where plaintext could be left contains the canary:
// scratch directories, the home with viminfo and histories, the project.
func (p *person) leavesNothing() {
	p.t.Helper()
	require.Empty(p.t, p.find([]byte(p.canary)), "plain text is left")
}

func (p *person) find(what []byte) []string {
	var found []string
	for _, root := range []string{"/dev/shm", "/var/tmp", p.home} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // other tests create and remove files there
			}
			if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, what) {
				found = append(found, path)
			}
			return nil
		})
	}
	return found
}

//go:build linux

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// substitute is the vim command that gives db.password the canary.
func (p *person) substitute() string { return ":%s/change-me/" + p.canary + "/" }

func TestVimSaves(t *testing.T) {
	p := newPerson(t, "vim")
	p.edits("prod", "vim")
	p.enters(p.substitute(), ":wq")
	screen := p.sees("~ db.password", "exit=0")
	assert.NotContains(t, screen, p.canary)
	assert.Equal(t, p.canary, p.sealcfg("get", "prod", "db.password"))
	p.leavesNothing()
}

// A token has no line break at its end. vim adds none. If an editor adds one, sealcfg warns.
func TestEditorsAndLineBreaksAtTheEnd(t *testing.T) {
	p := newPerson(t, "vim")
	path := filepath.Join(p.project, "environments", "token.txt")
	require.NoError(t, os.WriteFile(path, []byte("Settings of change-me"), 0o600))
	p.sealcfg("encrypt", "-q", "environments/token.txt")
	p.edits("environments/token.txt", "vim")
	p.enters(":wq")
	p.sees("environments/token.txt: no change; file not written", "exit=0")
	p.edits("environments/token.txt", "vim")
	p.enters(":set fixendofline", p.substitute(), ":wq")
	p.sees("warning: environments/token.txt: it ends in a line break now", "~ data", "exit=0")
	assert.Equal(t, "Settings of "+p.canary+"\n", p.sealcfg("decrypt", "environments/token.txt"))
	p.leavesNothing()
}

func TestVimQuits(t *testing.T) {
	p := newPerson(t, "vim")
	before := p.sealedProd()
	p.edits("prod", "vim")
	p.enters(p.substitute(), ":q!")
	p.sees("no change; file not written", "exit=0")
	p.edits("prod", "vim")
	p.enters(p.substitute(), ":w", ":cq")
	p.sees("vim ended with exit code 1; environments/prod.yaml is unchanged", "exit=1")
	assert.Equal(t, before, p.sealedProd())
	p.leavesNothing()
}

func (p *person) sealedProd() string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.project, "environments", "prod.yaml"))
	require.NoError(p.t, err)
	return string(text)
}

var noteLine = regexp.MustCompile(`#! sealcfg: line (\d+): `)

func TestBrokenYAMLIsReopenedAtItsLine(t *testing.T) {
	p := newPerson(t, "vim")
	before := p.sealedProd()
	p.edits("prod", "vim")
	p.enters(p.substitute(), ":%s/ port:/port:/", ":wq")
	screen := p.sees("#! sealcfg: line ", "#! sealcfg: fix it and save", "port: 5432")
	m := noteLine.FindStringSubmatch(screen)
	require.NotNil(t, m, screen)
	line, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	p.waits(func() bool { // the file is shorter than the screen, so its lines are the screen's
		return strings.TrimSpace(p.tmux("display-message", "-p", "#{cursor_y}")) == strconv.Itoa(line-1)
	}, func() string { return "the cursor is not on line " + m[1] + ":\n" + p.screen() })
	assert.Equal(t, before, p.sealedProd(), "nothing is written while it is broken")

	p.enters(":%s/^ *port:/  port:/", ":wq")
	p.sees("~ db.password", "exit=0")
	text := p.sealcfg("decrypt", "prod")
	assert.Contains(t, text, p.canary)
	assert.NotContains(t, text, "sealcfg:", "the note is taken out again")
	p.leavesNothing()
}

func TestBrokenYAMLGivenUpIsKept(t *testing.T) {
	p := newPerson(t, "vim")
	before := p.sealedProd()
	p.edits("prod", "vim")
	p.enters(p.substitute(), ":%s/^db:/db: [/", ":wq")
	p.sees("#! sealcfg: fix it and save")
	p.enters(":wq")
	p.sees("error: environments/prod.yaml:", "sealcfg edit --resume prod", "exit=1")
	assert.Equal(t, before, p.sealedProd())
	p.leavesNothing()
	p.runs("EDITOR=vim sealcfg edit --resume prod")
	p.sees("db: [", p.canary)
	p.enters(":%s/db: \\[/db:/", ":wq")
	p.sees("~ db.password", "exit=0")
	p.leavesNothing()
}

func TestCtrlCIsTheEditors(t *testing.T) {
	p := newPerson(t, "vim", "nano")
	p.edits("prod", "vim")
	p.press("C-c")
	p.sees(":qa") // vim's advice on how to quit
	p.enters(p.substitute(), ":wq")
	p.sees("~ db.password", "exit=0")
	assert.Equal(t, p.canary, p.sealcfg("get", "prod", "db.password"))

	p.edits("dev", "nano")
	p.press("C-c") // nano shows the position of the cursor
	p.sees("line  1/")
	p.enters("first: " + p.canary)
	p.press("C-o", "Enter", "C-x")
	p.sees("+ first", "exit=0")
	assert.Equal(t, p.canary, p.sealcfg("get", "dev", "first"))
	p.leavesNothing()
}

// An interrupt that only sealcfg receives cannot be distinguished from Ctrl-C, which the editor
// handles.
func TestInterruptWhileTheEditorIsOpen(t *testing.T) {
	p := newPerson(t, "vim")
	p.edits("prod", "vim")
	require.NoError(t, syscall.Kill(p.pid(), syscall.SIGINT))
	p.enters(p.substitute(), ":wq")
	p.sees("~ db.password", "exit=0")
	p.leavesNothing()
}

func TestEndedWhileTheEditorIsOpen(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			p := newPerson(t, "vim")
			before := p.sealedProd()
			p.edits("prod", "vim")
			p.enters(p.substitute(), ":w")
			p.waits(func() bool { return p.plainFile() != "" }, func() string { return "no plain text in memory:\n" + p.screen() })
			dir := filepath.Dir(p.plainFile())
			require.NoError(t, syscall.Kill(p.pid(), sig))
			p.sees("ended by signal", "your text is kept as an encrypted draft", "exit=130")
			p.leavesNothing()
			assert.NoDirExists(t, dir)
			assert.Equal(t, before, p.sealedProd())

			p.runs("EDITOR=vim sealcfg edit --resume prod")
			p.sees(p.canary)
			p.enters(":q!")
			p.sees("left the editor without saving; the file and your draft are unchanged", "exit=0")
			assert.Equal(t, before, p.sealedProd())
			p.runs("EDITOR=vim sealcfg edit --resume prod")
			p.sees(p.canary)
			p.enters(":wq")
			p.sees("~ db.password", "exit=0")
			assert.Equal(t, p.canary, p.sealcfg("get", "prod", "db.password"))
		})
	}
}

func TestKilledIsSweptByTheNext(t *testing.T) {
	p := newPerson(t, "vim")
	p.edits("prod", "vim")
	p.enters(p.substitute(), ":w")
	p.waits(func() bool { return p.plainFile() != "" }, func() string { return "no plain text in memory:\n" + p.screen() })
	dir := filepath.Dir(p.plainFile())
	require.NoError(t, syscall.Kill(p.pid(), syscall.SIGKILL))
	p.waits(func() bool { // the shell must be back, over vim's last output
		return strings.Contains(p.screen(), "exit=137")
	}, func() string { return p.screen() })
	// A process cannot clean up after kill -9. The next sealcfg does: this one, unless another
	// test or another process of this user came first.
	cmd := p.command("sealcfg", "edit", "prod")
	cmd.Env = append(cmd.Env, "EDITOR=true")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.NoDirExists(t, dir)
	p.leavesNothing()
}

func TestHiddenPrompt(t *testing.T) {
	p := newPerson(t)
	p.runs("sealcfg set prod db.password")
	p.sees("value for db.password: ")
	p.enters(p.canary)
	screen := p.sees("~ db.password", "exit=0")
	assert.NotContains(t, screen, p.canary)
	assert.Equal(t, p.canary, p.sealcfg("get", "prod", "db.password"))
	p.leavesNothing()

	before := p.sealedProd()
	p.runs("sealcfg set prod db.password")
	p.sees("value for db.password: ")
	p.press("Enter")
	p.sees("error: db.password: no value entered; file not written", "hint: to set an empty string, run: sealcfg set prod db.password ''", "exit=2")
	assert.Equal(t, before, p.sealedProd())

	p.runs("sealcfg set prod db.password")
	p.sees("value for db.password: ")
	p.types("half of it")
	p.press("C-c")
	screen = p.sees("interrupted", "exit=130")
	assert.NotContains(t, screen, "half of it")
	p.runs("stty -a | grep -w -- echo")
	screen = p.sees("exit=0")
	assert.Regexp(t, `[^-]\becho\b`, screen)
	assert.NotContains(t, screen, "-echo ")
	assert.Equal(t, p.canary, p.sealcfg("get", "prod", "db.password"))
}

func TestSetAsksBeforeItWritesUnencrypted(t *testing.T) {
	p := newPerson(t)
	policy, err := os.ReadFile(filepath.Join(p.project, ".sops.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(p.project, ".sops.yaml"), []byte(strings.Replace(string(policy), "path_regex:", "encrypted_regex: ^password$\n    path_regex:", 1)), 0o600))
	path := filepath.Join(p.project, "environments", "x.yaml")
	require.NoError(t, os.WriteFile(path, []byte("password: x\nhost: h\n"), 0o600))
	p.sealcfg("encrypt", "-q", "x")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, no := range []string{"n", ""} {
		p.runs("sealcfg set x pasword")
		p.sees("value for pasword: ")
		p.enters(p.canary)
		p.sees("do not encrypt pasword", "write the value unencrypted? [y/N]")
		p.enters(no)
		screen := p.sees("no file written", "exit=1")
		assert.NotContains(t, screen, "error:")
		assert.NotContains(t, screen, p.canary)
	}
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(now))
	p.runs("sealcfg set x pasword")
	p.sees("value for pasword: ")
	p.enters("public")
	p.sees("write the value unencrypted? [y/N]")
	p.enters("y")
	p.sees("+ pasword (unencrypted)", "exit=0")
	p.runs("sealcfg set x host")
	p.sees("value for host: ")
	p.enters("h2")
	screen := p.sees("~ host (unencrypted)", "exit=0")
	assert.NotContains(t, screen, "[y/N]")
}

// After the answer no, the screen shows no error.
func TestEncryptAsksBeforeAddedValues(t *testing.T) {
	p := newPerson(t)
	path := filepath.Join(p.project, "environments", "prod.yaml")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	added := append([]byte("added: "+p.canary+"\n"), before...)
	require.NoError(t, os.WriteFile(path, added, 0o600))
	p.runs("sealcfg encrypt prod")
	p.sees("encrypt added? [y/N]")
	p.enters("n")
	screen := p.sees("no file written", "exit=1")
	assert.NotContains(t, screen, "error:")
	assert.NotContains(t, screen, p.canary)
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(added), string(now))
}

func TestRekeyAsks(t *testing.T) {
	p := newPerson(t)
	before := p.sealedProd()
	p.runs("sealcfg rekey -q")
	p.sees("3 files: same recipients, new data key", "environments/prod.yaml", "rewrite 3 files? [y/N]")
	p.enters("n")
	p.sees("no file written", "exit=1")
	p.runs("sealcfg rekey")
	p.sees("rewrite 3 files? [y/N]")
	p.press("C-c")
	p.sees("interrupted", "exit=130")
	p.runs("sealcfg rekey")
	p.sees("rewrite 3 files? [y/N]")
	p.press("C-d")
	p.sees("no file written", "exit=1")
	assert.Equal(t, before, p.sealedProd())
	p.runs("sealcfg rekey")
	p.sees("rewrite 3 files? [y/N]")
	p.enters("y")
	p.sees("rekeyed 3 files", "exit=0")
	assert.NotEqual(t, before, p.sealedProd())
}

func TestColours(t *testing.T) {
	p := newPerson(t)
	const red = "\x1b[31m"
	for line, coloured := range map[string]bool{
		"sealcfg get prod nope":             true,
		"sealcfg get prod nope --no-color":  false,
		"NO_COLOR=1 sealcfg get prod nope":  false,
		"TERM=dumb sealcfg get prod nope":   false,
		"sealcfg get prod nope 2>&1 | cat ": false,
	} {
		p.runs(line)
		p.sees("error: environments/prod.yaml: nope: no such field", "hint: ", "exit=")
		p.waits(func() bool { return strings.Count(p.screen(), "exit=") == 2 }, p.screen)
		assert.Equal(t, coloured, strings.Contains(p.tmux("capture-pane", "-p", "-e"), red), line)
	}
}

// A pipe receives values unchanged; a terminal receives printable text.
func TestValuesOnTheTerminal(t *testing.T) {
	p := newPerson(t)
	path := filepath.Join(p.project, "environments", "x.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`a: "one\e[2Jtwo\r\n"`+"\n"+`b: "\x9b2J"`+"\nc: no line feed\n"), 0o600))
	p.sealcfg("encrypt", "-q", "environments/x.yaml")
	assert.Equal(t, "one\x1b[2Jtwo\r\n", p.sealcfg("get", "x", "a"))
	p.runs("sealcfg get x a")
	p.sees("one?[2Jtwo", "warning: control characters are shown as ?", "exit=0")
	p.runs("sealcfg get x --json b")
	screen := p.sees(`"\u009b2J"`, "exit=0")
	assert.NotContains(t, screen, "warning")
	assert.Equal(t, "no line feed", p.sealcfg("get", "x", "c"))
	p.runs("sealcfg decrypt x --extract c")
	assert.Regexp(t, `(?m)^no line feed$`, p.sees("no line feed", "exit=0"))
}

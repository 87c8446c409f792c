//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wineProject is a project with one key that the Windows command under wine and the Linux command
// use. See .ci/wine.sh.
type wineProject struct {
	t    *testing.T
	dir  string // the path on Linux
	home string
	env  []string
}

// newWineProject creates it with sealcfg.exe in a directory on drive C with a non-ASCII name.
func newWineProject(t *testing.T) *wineProject {
	t.Helper()
	if os.Getenv("SEALCFG_TEST_WINE_EXE") == "" {
		t.Skip("run by .ci/wine.sh")
	}
	drive := filepath.Join(os.Getenv("WINEPREFIX"), "drive_c")
	dir, err := os.MkdirTemp(drive, "Größe 名 ")
	require.NoError(t, err)
	p := &wineProject{t: t, dir: dir, env: []string{"GORACE=atexit_sleep_ms=0"}}
	p.windows("", "init", "-q", "--name", "alice")
	keys, err := filepath.Glob(filepath.Join(drive, "users", "*", "AppData", "Roaming", "sops", "age", "keys.txt"))
	require.NoError(t, err)
	require.Len(t, keys, 1)
	p.home, _, _ = strings.Cut(keys[0], "/AppData")
	return p
}

func (p *wineProject) setenv(name, value string) { p.env = append(p.env, name+"="+value) }

// windowsPath returns a path on drive C.
func windowsPath(path string) string {
	_, rest, _ := strings.Cut(path, "drive_c")
	return "C:" + strings.ReplaceAll(rest, "/", `\`)
}

func (p *wineProject) run(stdin, name string, args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		assert.NoError(p.t, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// windows runs sealcfg.exe, which must succeed.
func (p *wineProject) windows(stdin string, args ...string) string {
	p.t.Helper()
	out, errs, code := p.tryWindows(stdin, args...)
	assert.Zero(p.t, code, "%v: %s", args, errs)
	return out
}

func (p *wineProject) tryWindows(stdin string, args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	return p.run(stdin, os.Getenv("SEALCFG_TEST_WINE"), append([]string{os.Getenv("SEALCFG_TEST_WINE_EXE")}, args...)...)
}

// linux runs the command of this system with the same key.
func (p *wineProject) linux(stdin string, args ...string) string {
	p.t.Helper()
	env := p.env
	defer func() { p.env = env }()
	p.setenv("SOPS_AGE_KEY_FILE", filepath.Join(p.home, "AppData", "Roaming", "sops", "age", "keys.txt"))
	self, err := os.Executable()
	require.NoError(p.t, err)
	link := filepath.Join(p.t.TempDir(), "sealcfg") // a link through which the test binary runs as the command
	require.NoError(p.t, os.Symlink(self, link))
	out, errs, code := p.run(stdin, link, args...)
	assert.Zero(p.t, code, "%v: %s", args, errs)
	return out
}

func (p *wineProject) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	require.NoError(p.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(p.t, os.WriteFile(path, []byte(text), 0o644))
}

func (p *wineProject) read(name string) string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	require.NoError(p.t, err)
	return string(b)
}

// A file that one system encrypts can be decrypted on the other, by environment or path, with its
// line endings.
func TestWineBothWays(t *testing.T) {
	p := newWineProject(t)
	for name, text := range map[string]string{
		"y.yaml": "# c\r\na: one\r\nb: \"x\"  # d\r\n", "j.json": "{\r\n  \"a\": \"one\"\r\n}\r\n", "i.ini": "[s]\r\na = one\r\n",
		"t.toml": "a = \"one\"\r\n", "d.env": "A=one\nB=x\n", "r.txt": "raw one\r\n", "sub/f.yaml": "a: one\r\n",
	} {
		dir, base := filepath.Split("environments/" + name)
		theirs := strings.ReplaceAll(dir, "/", `\`)
		p.write(dir+"w-"+base, text)
		p.windows("", "encrypt", "-q", theirs+"w-"+base)
		assert.NotContains(t, p.read(dir+"w-"+base), "one")
		assert.Equal(t, text, p.linux("", "decrypt", dir+"w-"+base), name)

		p.write(dir+"l-"+base, text)
		p.linux("", "encrypt", "-q", dir+"l-"+base)
		assert.Equal(t, text, p.windows("", "decrypt", theirs+"l-"+base), name)
	}
	p.windows("two", "set", "-q", `environments\l-y.yaml`, "a", "-")
	p.linux("three", "set", "-q", "environments/w-y.yaml", "a", "-")
	p.windows("", "rekey", "--yes", "-q")
	assert.Equal(t, "two", p.linux("", "get", "l-y", "a"))
	assert.Equal(t, "three", p.windows("", "get", "w-y", "a"))
	assert.Equal(t, "# c\r\na: two\r\nb: \"x\"  # d\r\n", p.windows("", "decrypt", "l-y"))
}

func TestWinePaths(t *testing.T) {
	p := newWineProject(t)
	here := windowsPath(p.dir)
	want := p.windows("", "decrypt", "prod")
	assert.Contains(t, want, "password: change-me")
	assert.Equal(t, want, p.windows("", "decrypt", here+`\environments\prod.yaml`))
	assert.Equal(t, want, p.windows("", "-C", here+`\environments`, "decrypt", "prod"))
	assert.Equal(t, want, p.windows("", "decrypt", strings.ReplaceAll(here, `\`, "/")+"/environments/prod.yaml"))
	p.windows("", "decrypt", "prod", "-o", here+`\plain ü.yaml`)
	assert.Equal(t, want, p.read("plain ü.yaml"))
	assert.Regexp(t, `(?m)^ +dev +prod +test$`, p.windows("", "key", "list"))
	_, stderr, code := p.tryWindows("", "get", `environments\nope.yaml`, "a")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, `error: environments\nope.yaml: file does not exist`)
	_, stderr, code = p.tryWindows("", "get", `..\prod`, "a")
	assert.Equal(t, 1, code, stderr)
}

// The editor is a batch file: cmd.exe runs it.
func TestWineEdit(t *testing.T) {
	p := newWineProject(t)
	p.write("add editor.bat", "@echo added: one>>%1\r\n")
	p.write("break.bat", "@echo   : - broken>>%1\r\n")
	p.setenv("EDITOR", windowsPath(p.dir)+`\add editor.bat`)
	p.windows("", "edit", "-q", "prod")
	assert.Equal(t, "one", p.linux("", "get", "prod", "added"))
	p.windows("", "edit", "-q", "brand-new")
	assert.Equal(t, "one", p.linux("", "get", "brand-new", "added"))

	p.setenv("EDITOR", windowsPath(p.dir)+`\break.bat`)
	_, stderr, code := p.tryWindows("", "edit", "dev")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "your text is kept as an encrypted draft; to continue it, run: sealcfg edit --resume dev")
	drafts, err := filepath.Glob(filepath.Join(p.home, ".local", "state", "sealcfg", "drafts", "*"))
	require.NoError(t, err)
	assert.Len(t, drafts, 1)

	left, err := filepath.Glob(filepath.Join(os.Getenv("WINEPREFIX"), "drive_c", "users", "*", "Temp", "sealcfg-*"))
	require.NoError(t, err)
	assert.Empty(t, left, "the editor's file")
}

// With many processes at once, the lock works between processes and no value is lost.
func TestWineParallelSets(t *testing.T) {
	p := newWineProject(t)
	const writers = 8
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() { p.windows(fmt.Sprint("value-", i), "set", "-q", "prod", fmt.Sprint("new.k", i), "-") })
	}
	all.Wait()
	text := p.linux("", "decrypt", "prod")
	for i := range writers {
		assert.Contains(t, text, fmt.Sprintf("k%d: value-%d\n", i, i))
	}
	entries, err := os.ReadDir(filepath.Join(p.dir, "environments"))
	require.NoError(t, err)
	assert.Len(t, entries, 3, "no lock and no temporary file is left")
}

func TestWineReadOnlyAttribute(t *testing.T) {
	p := newWineProject(t)
	path := filepath.Join(p.dir, "environments", "prod.yaml")
	require.NoError(t, os.Chmod(path, 0o444))
	before := p.read("environments/prod.yaml")
	_, stderr, code := p.tryWindows("x", "set", "prod", "db.password", "-")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, `error: write environments\prod.yaml: the file has the read-only attribute`)
	assert.Equal(t, before, p.read("environments/prod.yaml"))
	assert.Equal(t, "change-me", p.windows("", "get", "prod", "db.password"))
}

package editor

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/shellwords"
)

// commandOf is the command of a line; its program is not installed.
func commandOf(t *testing.T, line string) Command {
	t.Helper()
	words, err := shellwords.Split(line)
	require.NoError(t, err)
	return Command{Path: filepath.Join(t.TempDir(), "none"), Args: words}
}

func TestArguments(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "prod.yaml")
	hard := strings.Join(append(slices.Clone(vimNoModelines), "-n", "-i", "NONE", "-c", vimPrivate), "\x00")
	for _, c := range []struct {
		line string
		at   int
		want []string
	}{
		{"vim", 0, []string{hard, file}},
		{"vim", 7, []string{hard, "+7", file}},
		{"nvim -R", 7, []string{hard, "-R", "+7", file}},
		{"vim --", 7, []string{hard, "--", file}},
		{"vim.tiny", 0, []string{hard, file}},
		{"gvim -f", 1, []string{hard, "-f", "+1", file}},
		{"vi", 7, []string{"+7", file}},
		{"nano", 7, []string{"-C", dir, "+7", file}},
		{"nano -w", 0, []string{"-C", dir, "-w", file}},
		{"nano-tiny", 7, []string{"+7", file}},
		{"pico", 7, []string{"+7", file}},
		{"emacs -nw", 7, []string{"--eval", emacsPrivate, "-nw", "+7", file}},
		{"emacs-29.1", 0, []string{"--eval", emacsPrivate, file}},
		{"emacsclient -t", 7, []string{"-t", "+7", file}},
		{"emacsclient.emacs", 7, []string{"+7", file}},
		{"kak", 7, []string{"+7", file}},
		{"micro", 7, []string{"-backup", "off", "-saveundo", "off", "-savehistory", "off", "+7", file}},
		{"code --wait", 7, []string{"--wait", "--goto", file + ":7"}},
		{"code --wait", 0, []string{"--wait", file}},
		{"hx", 7, []string{file + ":7"}},
		{"hx", -1, []string{file}},
		{"helix", 0, []string{file}},
		{"subl -w", 7, []string{"-w", file}},
		{"my-editor --x", 7, []string{"--x", file}},
	} {
		var want []string
		for _, w := range c.want {
			want = append(want, strings.Split(w, "\x00")...)
		}
		assert.Equal(t, want, commandOf(t, c.line).arguments(file, c.at), "%s at %d", c.line, c.at)
	}
	assert.Equal(t, []string{"." + string(filepath.Separator) + "-x"}, commandOf(t, "ed").arguments("-x", 0))
}

// An edited file cannot give commands to the editor, with any settings of the user.
func TestNoModelines(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	require.NoError(t, os.WriteFile(filepath.Join(home, ".vimrc"), []byte("set nocompatible textwidth=11\nautocmd!\nset modeline modelines=9\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".emacs"), []byte("(setq-default fill-column 11)\n(setq enable-local-variables :all enable-local-eval t)\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".dir-locals.el"), []byte("((nil . ((fill-column . 22))))\n"), 0o600))
	const text = "# vim: set tw=22 :\na: 1\n# Local Variables:\n# fill-column: 22\n# End:\n"
	for name, c := range map[string]struct {
		args []string // of the program
		last []string // they write the option into the file out
	}{
		"vim":   {[]string{"-N", "-es"}, []string{"-c", "call writefile([&tw], 'out')", "-c", "qall!"}},
		"emacs": {[]string{"--batch", "-l", filepath.Join(home, ".emacs")}, []string{"--eval", `(write-region (format "%d\n" fill-column) nil "out")`}},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := exec.LookPath(name)
			if err != nil {
				t.Skip(name + " is not installed")
			}
			result := func(args []string) string {
				_ = os.Remove(filepath.Join(home, "out"))
				cmd := exec.CommandContext(t.Context(), path, args...)
				cmd.Dir = home
				output, err := cmd.CombinedOutput()
				got, readErr := os.ReadFile(filepath.Join(home, "out"))
				require.NoError(t, readErr, "%v: %s", err, output)
				return string(got)
			}
			file := filepath.Join(home, "prod.yaml")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			if name == "vim" { // with -es, vim does not read .vimrc
				c.args = append(c.args, "-u", filepath.Join(home, ".vimrc"))
			}
			assert.Equal(t, "22\n", result(append(append(slices.Clone(c.args), file), c.last...)), "the test's file gives commands")
			guarded := Command{Path: path, Args: append([]string{name}, c.args...)}.arguments(file, 0)
			if name == "emacs" { // the init file is loaded before --eval, which -l is not
				guarded = append(slices.Clone(c.args), Command{Path: path, Args: []string{name}}.arguments(file, 0)...)
			}
			assert.Equal(t, "11\n", result(append(guarded, c.last...)))
		})
	}
}

// arguments must not write into the caller's slice.
func TestArgumentsKeepTheCommand(t *testing.T) {
	args := append(make([]string, 0, 8), "my-editor", "-x")
	c := Command{Path: "/none", Args: args}
	_ = c.arguments("first", 0)
	_ = c.arguments("second", 0)
	assert.Equal(t, []string{"my-editor", "-x"}, c.Args)
	assert.Equal(t, []string{"", ""}, args[2:4])
}

func TestFamilyLooksBehindLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	dir := t.TempDir()
	for _, c := range []struct {
		name, target string
		want         family
	}{
		{"vi", "vim.tiny", vim},
		{"vi", "nvi", vi},
		{"vi", "busybox", vi},
		{"nano", "pico", pico},
		{"editor", "nano", nano},
		{"editor", "vim.basic", vim},
		{"editor", "mcedit", unknown},
		{"nvim", "snap", vim},
		{"rnano", "nano", nano},
	} {
		target := filepath.Join(dir, c.target)
		require.NoError(t, os.WriteFile(target, nil, 0o755))
		middle, path := filepath.Join(dir, "alternative"), filepath.Join(dir, "bin-"+c.name)
		require.NoError(t, os.Symlink(target, middle))
		require.NoError(t, os.Symlink(middle, path))
		got := Command{Path: path, Args: []string{c.name}}.family()
		assert.Equal(t, c.want, got, "%s to %s", c.name, c.target)
		require.NoError(t, os.Remove(middle))
		require.NoError(t, os.Remove(path))
	}
}

func TestVimPrivateIsOneCommand(t *testing.T) {
	args := commandOf(t, "vim").arguments("f", 0)
	i := slices.Index(args, "-c")
	require.Positive(t, i)
	assert.NotContains(t, args[i+1], "\n")
}

package editor

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/shellwords"
)

// world is an environment and the programs that are installed in it.
func world(env map[string]string, programs ...string) (func(string) (string, bool), func(string) (string, error)) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		func(name string) (string, error) {
			for _, p := range programs {
				if p == name {
					return "/bin/" + name, nil
				}
			}
			return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
		}
}

func TestChoose(t *testing.T) {
	type env = map[string]string
	for name, c := range map[string]struct {
		env      env
		programs []string
		args     []string
		source   string
	}{
		"sops first": {
			env{"SOPS_EDITOR": "a", "VISUAL": "b", "EDITOR": "c"},
			[]string{"a", "b", "c"}, []string{"a"}, "SOPS_EDITOR",
		},
		"visual before editor": {
			env{"VISUAL": "b", "EDITOR": "c"}, []string{"b", "c"}, []string{"b"}, "VISUAL",
		},
		"blank counts as unset": {
			env{"SOPS_EDITOR": "", "VISUAL": " \t", "EDITOR": "c"}, []string{"c"}, []string{"c"}, "EDITOR",
		},
		"arguments": {
			env{"EDITOR": `code --wait --profile "my own"`},
			[]string{"code"}, []string{"code", "--wait", "--profile", "my own"}, "EDITOR",
		},
		"path with a space": {
			env{"EDITOR": `'/opt/My Editor/ed' -x`},
			[]string{"/opt/My Editor/ed"}, []string{"/opt/My Editor/ed", "-x"}, "EDITOR",
		},
		"vi first":  {env{}, []string{"nano", "vi"}, []string{"vi"}, ""},
		"then nano": {env{}, []string{"nano"}, []string{"nano"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Choose(world(c.env, c.programs...))
			require.NoError(t, err)
			assert.Equal(t, Command{Path: "/bin/" + c.args[0], Args: c.args, Source: c.source}, got)
		})
	}
}

func TestChooseFails(t *testing.T) {
	_, err := Choose(world(nil))
	require.ErrorIs(t, err, ErrNone)

	// If a named editor is missing, no other editor is chosen.
	_, err = Choose(world(map[string]string{"VISUAL": "missing -x", "EDITOR": "vi"}, "vi"))
	require.ErrorIs(t, err, ErrFind)
	require.ErrorIs(t, err, exec.ErrNotFound)
	assert.ErrorContains(t, err, "$VISUAL")

	_, err = Choose(world(map[string]string{"EDITOR": `vi "unclosed`}, "vi"))
	require.ErrorIs(t, err, shellwords.ErrUnclosed)
	assert.ErrorContains(t, err, "$EDITOR")

	_, err = Choose(world(map[string]string{"EDITOR": `""`}, "", "vi"))
	require.Error(t, err)
	assert.False(t, errors.Is(err, ErrNone))
}

func TestName(t *testing.T) {
	for arg, want := range map[string]string{
		"vim": "vim", "/usr/bin/Vim": "vim", "C:/x/Code.exe": "code", "code.cmd": "code",
		"vim.basic": "vim.basic", "./ed.sh": "ed.sh",
	} {
		assert.Equal(t, want, Command{Args: []string{arg}}.Name(), arg)
	}
	assert.Empty(t, Command{}.Name())
}

func TestWindowsPaths(t *testing.T) {
	if runtime.GOOS != "windows" {
		t.Skip("only there does a backslash part directories")
	}
	const path = `C:\Program Files\Vim\gvim.exe`
	_, look := world(nil, path, "C:/Vim/gvim.exe")
	c, err := named("EDITOR", path, look)
	require.NoError(t, err)
	assert.Equal(t, []string{path}, c.Args)
	c, err = named("EDITOR", `C:\Vim\gvim.exe -f`, look)
	require.NoError(t, err)
	assert.Equal(t, []string{"C:/Vim/gvim.exe", "-f"}, c.Args)
}

func TestNeedsWait(t *testing.T) {
	for _, c := range []struct {
		line  string
		flag  string
		needs bool
	}{
		{"code", "--wait", true},
		{"code --new-window", "--wait", true},
		{"code --wait", "", false},
		{"code -w", "", false},
		{"code -nw", "", false},
		{"/usr/local/bin/code -n", "--wait", true},
		{"code -- --wait", "--wait", true},
		{"Code.exe", "--wait", true},
		{"codium", "--wait", true},
		{"cursor", "--wait", true},
		{"subl -n", "--wait", true},
		{"subl -nw", "", false},
		{"zed", "--wait", true},
		{"gvim", "--nofork", true},
		{"gvim -f", "", false},
		{"gedit -s", "", false},
		{"mate", "--wait", true},
		{"goland --wait", "", false},
		{"kate", "--block", true},
		{"open -a TextEdit", "-W", true},
		{"xdg-open", "", true},
		{"emacsclient", "", false},
		{"emacsclient -n", "", true},
		{"vim", "", false},
		{"nano", "", false},
		{"my-editor", "", false},
	} {
		words, err := shellwords.Split(c.line)
		require.NoError(t, err)
		flag, needs := NeedsWait(Command{Args: words})
		assert.Equal(t, c.flag, flag, c.line)
		assert.Equal(t, c.needs, needs, c.line)
	}
	_, needs := NeedsWait(Command{})
	assert.False(t, needs)
}

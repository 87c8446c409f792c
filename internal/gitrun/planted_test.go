//go:build unix

package gitrun_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/gitrun"
)

// planted is a repository with a configuration, attributes and hooks that name a
// program wherever git would start one. The program writes its reason into a file.
type planted struct {
	*repo
	program string
	ran     string // the file
	absent  string // an object that git would fetch
}

func newPlanted(t *testing.T) *planted {
	t.Helper()
	p := &planted{repo: newRepo(t)}
	dir := t.TempDir()
	p.program, p.ran = filepath.Join(dir, "program"), filepath.Join(dir, "ran")
	require.NoError(t, os.WriteFile(p.program, []byte("#!/bin/sh\necho \"$1\" >> "+p.ran+"\nexit 1\n"), 0o755))
	p.write("a.yaml", "needle\n")
	p.write("b.yaml", "needle\n")
	p.git("add", ".")
	p.git("commit", "-qm", "x")
	p.git("update-index", "--skip-worktree", "b.yaml")
	p.write("a.yaml", "needle changed\n")
	p.write("new.yaml", "needle\n")

	included := filepath.Join(dir, "included")
	require.NoError(t, os.WriteFile(included, []byte("[core]\n\tfsmonitor = "+p.program+" included\n"), 0o644))
	for name, reason := range map[string]string{
		"core.fsmonitor": "", "core.sshCommand": "", "core.pager": "", "core.editor": "", "core.askPass": "", "core.gitProxy": "",
		"core.alternateRefsCommand": "", "sequence.editor": "", "credential.helper": "!", "gpg.program": "", "gpg.ssh.program": "",
		"diff.external": "", "diff.planted.textconv": "", "diff.planted.command": "", "merge.planted.driver": "",
		"filter.planted.clean": "", "filter.planted.smudge": "", "filter.planted.process": "",
		"pager.grep": "", "pager.ls-files": "", "pager.check-ignore": "", "interactive.diffFilter": "",
		"alias.ls-files": "!", "alias.grep": "!", "alias.rev-parse": "!", "alias.check-ignore": "!", "alias.cat-file": "!",
		"uploadpack.packObjectsHook": "", "remote.origin.uploadpack": "", "remote.origin.proxy": "", "submodule.x.update": "!",
		"trailer.x.command": "", "man.x.cmd": "", "browser.x.cmd": "", "difftool.x.cmd": "", "init.templateDir": "",
	} {
		p.git("config", name, reason+p.program+" "+name)
	}
	p.git("config", "includeIf.gitdir:"+p.root+"/.path", included)
	p.git("config", "filter.planted.required", "true")
	p.git("config", "log.showSignature", "true")
	p.git("config", "submodule.recurse", "true")
	p.git("config", "core.untrackedCache", "true")
	// A missing object leads to a remote, and so to a program.
	p.absent = strings.Repeat("1", 40)
	p.git("config", "core.repositoryFormatVersion", "1")
	p.git("config", "extensions.partialClone", "origin")
	p.git("config", "remote.origin.promisor", "true")
	p.git("config", "remote.origin.url", "ext::"+p.program+" remote")
	p.git("config", "protocol.allow", "always")
	p.git("config", "protocol.ext.allow", "always")
	hooks := p.path("hooks")
	p.git("config", "core.hooksPath", hooks)
	for _, dir := range []string{hooks, p.path(".git/hooks")} {
		require.NoError(t, os.MkdirAll(dir, 0o755))
		for _, hook := range []string{"post-index-change", "fsmonitor-watchman", "query-watchman", "reference-transaction", "post-checkout"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, hook), []byte("#!/bin/sh\nexec "+p.program+" "+hook+"\n"), 0o755))
		}
	}
	p.write(".gitattributes", "*.yaml diff=planted merge=planted\n*.txt filter=planted\n")
	p.write("new.txt", "x\n")
	return p
}

// started are the reasons for which the program has run since the last call.
func (p *planted) started() string {
	text, err := os.ReadFile(p.ran)
	if err == nil {
		require.NoError(p.t, os.Remove(p.ran))
	}
	return string(text)
}

// No setting of a repository starts a program.
func TestNoPlantedProgramRuns(t *testing.T) {
	t.Parallel()
	p := newPlanted(t)
	for name, value := range map[string]string{
		"GIT_SSH_COMMAND": p.program + " variable", "GIT_SSH": p.program, "GIT_EXTERNAL_DIFF": p.program, "GIT_PAGER": p.program,
		"GIT_ASKPASS": p.program, "GIT_EDITOR": p.program, "GIT_PROXY_COMMAND": p.program, "GIT_EXEC_PATH": filepath.Dir(p.program),
		"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": p.program + " counted",
		"GIT_CONFIG_PARAMETERS": "'core.fsmonitor'='" + p.program + " parameter'", "GIT_TEMPLATE_DIR": filepath.Dir(p.program),
	} {
		p.env = append(p.env, name+"="+value)
	}
	g := gitrun.New(p.env, p.root)
	root, err := g.Root(t.Context(), p.root)
	require.NoError(t, err)
	assert.Equal(t, p.root, root)
	files, _, err := g.Files(t.Context(), p.root)
	require.NoError(t, err)
	assert.NotEmpty(t, files)
	paths, _, err := g.Containing(t.Context(), p.root, "needle")
	require.NoError(t, err)
	assert.Subset(t, p.names(paths), []string{"a.yaml", "new.yaml"})
	state, err := g.State(t.Context(), p.path("a.yaml"))
	require.NoError(t, err)
	assert.Equal(t, gitrun.Tracked, state)
	require.NoError(t, g.Blobs(t.Context(), p.root, []string{p.absent}, func(_ int, _ []byte, ok bool) {
		assert.False(t, ok)
	}))
	commits, objects, dir, err := g.Versions(t.Context(), p.path("a.yaml"), 5)
	require.NoError(t, err)
	assert.Len(t, commits, 1)
	require.NoError(t, g.Blobs(t.Context(), dir, objects, func(_ int, contents []byte, ok bool) {
		assert.True(t, ok)
		assert.Equal(t, "needle\n", string(contents))
	}))
	_, err = g.Config(t.Context(), p.root, "diff")
	require.NoError(t, err)
	assert.Empty(t, p.started())
}

// The repository of the test above is a trap: git itself starts these programs.
func TestPlantedProgramsRunWithoutProtection(t *testing.T) {
	t.Parallel()
	p := newPlanted(t)
	for reason, args := range map[string][]string{
		"included":          {"ls-files", "-co"},
		"post-index-change": {"update-index", "--refresh"},
		"remote":            {"cat-file", "-p", p.absent},
		"filter.planted":    {"add", "new.txt"},
		"diff.planted":      {"show", "--textconv", "HEAD:a.yaml"},
	} {
		if reason != "included" {
			args = append([]string{"-c", "core.fsmonitor=false"}, args...)
		}
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = p.root, slices.Clone(p.env)
		out, _ := cmd.CombinedOutput() // the program fails
		assert.Contains(t, p.started(), reason, "git %v: %s", args, out)
	}
}

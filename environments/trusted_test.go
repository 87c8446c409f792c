package environments_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

// real returns a new directory whose path contains no symbolic link.
func real(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(write(t, files))
	require.NoError(t, err)
	return dir
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err)
	}
}

// A .sops.yaml around a repository is a stranger's: it is named, and not obeyed.
func TestPolicyOutsideTheRepository(t *testing.T) {
	for name, git := range map[string]map[string]string{
		"repository":  {"repo/.git/HEAD": ""},
		"work tree":   {"repo/.git": "gitdir: ../main/.git/worktrees/repo\n", "main/.git/HEAD": ""},
		"submodule":   {"repo/.git": "gitdir: ../.git/modules/repo\n", ".git/HEAD": ""},
		"nested":      {"repo/.git/HEAD": "", ".git/HEAD": ""},
		"deep inside": {"repo/.git/HEAD": "", "repo/a/b/.keep": ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{".sops.yaml": empty, "repo/environments/.keep": ""}
			for path, text := range git {
				files[path] = text
			}
			dir := real(t, files)
			for _, file := range []string{"app.yaml", "environments/prod.yaml", "a/b/app.yaml", "new/folder/app.yaml"} {
				_, err := environments.FindPolicy(filepath.Join(dir, "repo", filepath.FromSlash(file)))
				require.ErrorIs(t, err, environments.ErrNoPolicy)
				require.ErrorIs(t, err, environments.ErrOutside)
				assert.ErrorContains(t, err, filepath.Join(dir, ".sops.yaml")+" is outside the git repository and is ignored")
			}
			p, err := environments.Find(filepath.Join(dir, "repo", "environments"))
			require.NoError(t, err)
			assert.Equal(t, filepath.Join(dir, "repo"), p.Root)
			assert.Empty(t, p.PolicyPath)
			assert.Equal(t, "file app.yaml", locate(t, dir, "repo/app.yaml").String(), "it belongs to the repository, not to the directories around it")
		})
	}
}

// git's variables set where git works. They do not select the recipients of a file.
func TestPolicyIgnoresGitVariables(t *testing.T) {
	dir := real(t, map[string]string{".sops.yaml": empty, "repo/.git/HEAD": "", ".git/HEAD": ""})
	t.Setenv("GIT_DIR", filepath.Join(dir, ".git"))
	t.Setenv("GIT_WORK_TREE", dir)
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Join(dir, "repo"))
	_, err := environments.FindPolicy(filepath.Join(dir, "repo", "app.yaml"))
	require.ErrorIs(t, err, environments.ErrOutside)
}

// The work trees and submodules of the real git.
func TestPolicyOutsideWhatGitMakes(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("git is not installed")
		}
		t.Skip("NOT TESTED: git is not installed")
	}
	dir := real(t, map[string]string{".sops.yaml": empty})
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "git %v: %s", args, out)
	}
	git("init", "-q", "lib")
	git("-C", "lib", "commit", "-q", "--allow-empty", "-m", "x")
	git("-C", "lib", "worktree", "add", "-q", filepath.Join(dir, "tree"))
	git("init", "-q", "super")
	git("-C", "super", "submodule", "--quiet", "add", filepath.Join(dir, "lib"), "module")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "super", ".sops.yaml"), []byte(empty), 0o600))
	for path, outside := range map[string]string{"tree/app.yaml": ".sops.yaml", "super/module/app.yaml": "super/.sops.yaml"} {
		_, err := environments.FindPolicy(filepath.Join(dir, filepath.FromSlash(path)))
		require.ErrorIs(t, err, environments.ErrOutside, path)
		assert.ErrorContains(t, err, filepath.Join(dir, filepath.FromSlash(outside)))
	}
}

// The directory that contains a link has no effect on the files that the link leads
// to.
func TestPolicyBehindALink(t *testing.T) {
	dir := real(t, map[string]string{
		"outer/.sops.yaml":           empty,
		"repo/.git/HEAD":             "",
		"repo/.sops.yaml":            "creation_rules:\n  - path_regex: ^sub/app\n  - path_regex: outer\n",
		"repo/sub/app.yaml":          "",
		"bare/.git/HEAD":             "",
		"bare/environments/dev.yaml": "",
		"free/app.yaml":              "",
	})
	at := func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }
	link(t, at("repo/sub"), at("outer/sub"))
	link(t, at("repo/sub/app.yaml"), at("outer/linked.yaml"))
	link(t, at("bare"), at("outer/bare"))
	link(t, at("free"), at("outer/free"))
	require.NoError(t, os.MkdirAll(at("repo/environments"), 0o755))
	link(t, "../sub", at("repo/environments/eu"))

	for _, file := range []string{"outer/sub/app.yaml", "outer/sub/new.yaml", "outer/linked.yaml"} {
		p, err := environments.FindPolicy(at(file))
		require.NoError(t, err)
		assert.Equal(t, at("repo/.sops.yaml"), p.Path, file)
	}
	p, err := environments.FindPolicy(at("outer/linked.yaml"))
	require.NoError(t, err)
	rule, err := p.RuleFor(at("outer/linked.yaml"))
	require.NoError(t, err)
	assert.Equal(t, 2, rule.Line, "the rule is that of the file behind the link")
	assert.Equal(t, "file sub/app.yaml", locate(t, dir, "outer/linked.yaml").String())

	_, err = environments.FindPolicy(at("outer/bare/environments/dev.yaml"))
	require.ErrorIs(t, err, environments.ErrNoPolicy, "a repository without a policy does not take one from around a link to it")
	project, err := environments.Find(at("outer/sub"))
	require.NoError(t, err)
	assert.Equal(t, at("repo"), project.Root)

	// Within a project, and if there is no other project, paths stay unchanged.
	p, err = environments.FindPolicy(at("repo/environments/eu/app.yaml"))
	require.NoError(t, err)
	assert.Equal(t, at("repo/.sops.yaml"), p.Path)
	_, err = p.RuleFor(at("repo/environments/eu/app.yaml"))
	require.ErrorIs(t, err, environments.ErrNoRule, "sops matches the path as written, too")
	p, err = environments.FindPolicy(at("outer/free/app.yaml"))
	require.NoError(t, err)
	assert.Equal(t, at("outer/.sops.yaml"), p.Path)
}

// A policy in the repository may be a link out of it. The history then shows the
// link and not the contents. Such a policy is rejected, not skipped: otherwise the
// file would have no policy, and its own metadata would decide.
func TestPolicyThatIsALinkOut(t *testing.T) {
	dir := real(t, map[string]string{
		"stranger.yaml":    empty,
		"repo/.git/HEAD":   "",
		"repo/shared.yaml": empty,
		"repo/a/.keep":     "",
		"repo/b/.keep":     "",
		"free/.keep":       "",
	})
	at := func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }
	link(t, "../../stranger.yaml", at("repo/a/.sops.yaml"))
	link(t, "../shared.yaml", at("repo/b/.sops.yaml"))
	link(t, "../stranger.yaml", at("free/.sops.yaml"))

	_, err := environments.FindPolicy(at("repo/a/app.yaml"))
	require.ErrorIs(t, err, environments.ErrOutside)
	require.NotErrorIs(t, err, environments.ErrNoPolicy)
	assert.ErrorContains(t, err, at("repo/a/.sops.yaml")+" is a link to "+at("stranger.yaml"))
	for _, file := range []string{"repo/b/app.yaml", "free/app.yaml"} {
		_, err = environments.FindPolicy(at(file))
		require.NoError(t, err, file)
	}
}

func TestErrIfOutside(t *testing.T) {
	dir := real(t, map[string]string{
		".sops.yaml": empty, "repo/.git/HEAD": "", "repo/.sops.yaml": empty, "repo/a/.sops.yaml": empty, "free/app.yaml": "",
	})
	at := func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }
	for _, c := range []struct {
		policy, file string
		outside      bool
	}{
		{".sops.yaml", "repo/app.yaml", true},
		{".sops.yaml", "repo/b/new.yaml", true},
		{".sops.yaml", "free/app.yaml", false},
		{"repo/.sops.yaml", "repo/b/new.yaml", false},
		{"repo/a/.sops.yaml", "repo/app.yaml", false},
		{"repo/.sops.yaml", "free/app.yaml", false},
	} {
		p, err := environments.ReadPolicy(t.Context(), at(c.policy))
		require.NoError(t, err)
		err = p.ErrIfOutside(at(c.file))
		if c.outside {
			require.ErrorIs(t, err, environments.ErrOutside)
			require.ErrorIs(t, err, environments.ErrNoPolicy)
		} else {
			require.NoError(t, err, "%s for %s", c.policy, c.file)
		}
	}
}

package environments_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

const empty = "creation_rules: []\n"

func TestFindPolicy(t *testing.T) {
	dir := write(t, map[string]string{
		".sops.yaml":               empty,
		"repo/.git/HEAD":           "",
		"repo/environments/.keep":  "",
		"repo/with/.sops.yaml":     empty,
		"repo/with/a/b/.keep":      "",
		"repo/with/a/.sops.yml":    empty,
		"repo/broken/.sops.yaml":   "creation_rules: {}",
		"repo/module/.git":         "gitdir: elsewhere",
		"free/a/b/.keep":           "",
		"misnamed/.git/HEAD":       "",
		"misnamed/.sops.yml":       empty,
		"misnamed/environments/.x": "",
		"root/.git/HEAD":           "",
		"root/.sops.yaml":          empty,
	})
	at := func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }

	t.Run("nearest", func(t *testing.T) {
		p, err := environments.FindPolicy(at("repo/with/a/b/x.yaml"))
		require.NoError(t, err)
		assert.Equal(t, at("repo/with/.sops.yaml"), p.Path)
		assert.Equal(t, at("repo/with/a/.sops.yml"), p.Ignored)
	})
	t.Run("folder need not exist", func(t *testing.T) {
		p, err := environments.FindPolicy(at("repo/with/new/folder/x.yaml"))
		require.NoError(t, err)
		assert.Equal(t, at("repo/with/.sops.yaml"), p.Path)
		assert.Empty(t, p.Ignored)
	})
	t.Run("without a repository", func(t *testing.T) {
		p, err := environments.FindPolicy(at("free/a/b/x.yaml"))
		require.NoError(t, err)
		assert.Equal(t, at(".sops.yaml"), p.Path)
	})
	t.Run("in the root of the repository", func(t *testing.T) {
		p, err := environments.FindPolicy(at("root/x.yaml"))
		require.NoError(t, err)
		assert.Equal(t, at("root/.sops.yaml"), p.Path)
	})
	t.Run("not outside the repository", func(t *testing.T) {
		_, err := environments.FindPolicy(at("repo/environments/prod.yaml"))
		require.ErrorIs(t, err, environments.ErrNoPolicy)
		assert.NotErrorIs(t, err, environments.ErrPolicyName)
		assert.ErrorContains(t, err, "up to the root of the repository "+at("repo"))
	})
	t.Run("not outside a submodule", func(t *testing.T) {
		_, err := environments.FindPolicy(at("repo/module/prod.yaml"))
		assert.ErrorIs(t, err, environments.ErrNoPolicy)
	})
	t.Run("misnamed", func(t *testing.T) {
		_, err := environments.FindPolicy(at("misnamed/environments/prod.yaml"))
		require.ErrorIs(t, err, environments.ErrNoPolicy)
		require.ErrorIs(t, err, environments.ErrPolicyName)
		assert.ErrorContains(t, err, at("misnamed/.sops.yml"))
	})
	t.Run("broken", func(t *testing.T) {
		_, err := environments.FindPolicy(at("repo/broken/x.yaml"))
		var broken *environments.PolicyError
		require.ErrorAs(t, err, &broken)

		p, err := environments.Find(at("repo/broken"))
		require.NoError(t, err, "finding the project does not read the policy")
		assert.Equal(t, at("repo/broken"), p.Root)
	})
	t.Run("broken link", func(t *testing.T) {
		link := at("free/a/.sops.yaml")
		if err := os.Symlink("nowhere", link); err != nil {
			t.Skip(err)
		}
		_, err := environments.FindPolicy(at("free/a/b/x.yaml"))
		require.ErrorIs(t, err, os.ErrNotExist)
		assert.NotErrorIs(t, err, environments.ErrNoPolicy)
	})
}

// The path that a rule sees is relative to the policy, wherever the program runs.
func TestFindPolicyRelative(t *testing.T) {
	dir := write(t, map[string]string{
		".sops.yaml":       "creation_rules:\n  - path_regex: ^environments/prod\\.yaml$\n",
		"environments/a.b": "",
	})
	t.Chdir(filepath.Join(dir, "environments"))
	p, err := environments.FindPolicy("prod.yaml")
	require.NoError(t, err)
	_, err = p.RuleFor("prod.yaml")
	assert.NoError(t, err)
	_, err = p.RuleFor("../prod.yaml")
	assert.ErrorIs(t, err, environments.ErrNoRule)
}

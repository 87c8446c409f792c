package gitrun_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/gitrun"
)

// repo is a repository for a test, with the environment of a person.
type repo struct {
	t    *testing.T
	root string
	env  []string
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	r := &repo{t: t, root: root, env: append(os.Environ(),
		"HOME="+t.TempDir(), "GIT_CONFIG_GLOBAL="+filepath.Join(t.TempDir(), "config"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@example.com")}
	r.git("init", "-q")
	return r
}

// git runs git without any of our protection.
func (r *repo) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = r.root, r.env
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, "git %v: %s", args, out)
	return string(out)
}

func (r *repo) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.root, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(r.t, os.WriteFile(path, []byte(text), 0o644))
}

func (r *repo) path(name string) string { return filepath.Join(r.root, filepath.FromSlash(name)) }

func (r *repo) open() *gitrun.Git { return gitrun.New(r.env, r.root) }

// names are paths relative to the root, sorted.
func (r *repo) names(paths []string) []string {
	var names []string
	for _, p := range paths {
		rel, err := filepath.Rel(r.root, p)
		require.NoError(r.t, err)
		names = append(names, filepath.ToSlash(rel))
	}
	slices.Sort(names)
	return names
}

func TestRoot(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a/b/c", "x")
	for _, dir := range []string{".", "a/b"} {
		root, err := r.open().Root(t.Context(), r.path(dir))
		require.NoError(t, err, dir)
		assert.Equal(t, r.root, root)
	}
	for _, dir := range []string{r.path(".git"), t.TempDir()} {
		_, err := r.open().Root(t.Context(), dir)
		assert.ErrorIs(t, err, gitrun.ErrNotRepository, dir)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(".gitignore", "ignored*\n")
	r.write("tracked/a \"quoted\".yaml", "needle")
	r.write("tracked/binary", "\x00\x01 needle \x00")
	r.write("tracked/other", "nothing")
	r.write(".gitattributes", "tracked/a* -diff\n")
	r.git("add", ".")
	r.write("ignored.yaml", "needle")
	r.write("new.yaml", "a needle")
	r.write("line\nbreak", "needle")
	require.NoError(t, os.Symlink("new.yaml", r.path("link")))
	r.git("add", "link")
	require.NoError(t, os.Symlink("new.yaml", r.path("newlink")))
	r.git("init", "-q", "nested")
	r.write("nested/inner.yaml", "needle")
	r.git("init", "-q", "module")
	r.git("-C", "module", "commit", "-q", "--allow-empty", "-m", "x")
	r.git("add", "module")
	r.write("module/inner.yaml", "needle")
	r.write("unseen.yaml", "needle")
	r.write("assumed.yaml", "needle")
	r.git("add", "unseen.yaml", "assumed.yaml")
	r.git("update-index", "--skip-worktree", "unseen.yaml")
	r.git("update-index", "--assume-unchanged", "assumed.yaml")

	files, unread, err := r.open().Files(t.Context(), r.root)
	require.NoError(t, err)
	assert.Empty(t, unread)
	kinds, unseen := map[gitrun.Kind][]string{}, []string{}
	for _, f := range files {
		kinds[f.Kind] = append(kinds[f.Kind], f.Path)
		if f.Unseen {
			unseen = append(unseen, f.Path)
		}
	}
	assert.Equal(t, []string{"assumed.yaml", "unseen.yaml"}, r.names(unseen))
	assert.Equal(t, []string{"module", "nested"}, r.names(kinds[gitrun.Repository]))
	assert.Equal(t, []string{"link", "newlink"}, r.names(kinds[gitrun.Link]))
	assert.Equal(t, []string{".gitattributes", ".gitignore", "assumed.yaml", "line\nbreak", "new.yaml",
		"tracked/a \"quoted\".yaml", "tracked/binary", "tracked/other", "unseen.yaml"}, r.names(kinds[gitrun.Regular]))

	paths, unread, err := r.open().Containing(t.Context(), r.root, "needle")
	require.NoError(t, err)
	assert.Empty(t, unread)
	paths = slices.DeleteFunc(paths, func(p string) bool { return slices.Contains(unseen, p) })
	assert.Equal(t, []string{"line\nbreak", "new.yaml", "tracked/a \"quoted\".yaml", "tracked/binary"}, r.names(paths))
	paths, _, err = r.open().Containing(t.Context(), r.root, "haystack")
	require.NoError(t, err)
	assert.Empty(t, paths)
}

// The stages of an unfinished merge are one file.
func TestFilesOfAConflict(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("f", "base\n")
	r.git("add", ".")
	r.git("commit", "-qm", "base")
	r.git("checkout", "-qb", "other")
	r.write("f", "needle theirs\n")
	r.git("commit", "-qam", "theirs")
	r.git("checkout", "-q", "-")
	r.write("f", "needle ours\n")
	r.git("commit", "-qam", "ours")
	cmd := exec.Command("git", "merge", "-q", "other")
	cmd.Dir, cmd.Env = r.root, r.env
	require.Error(t, cmd.Run(), "the merge must end in a conflict")

	files, _, err := r.open().Files(t.Context(), r.root)
	require.NoError(t, err)
	assert.Len(t, files, 1)
	paths, _, err := r.open().Containing(t.Context(), r.root, "needle")
	require.NoError(t, err)
	assert.Equal(t, []string{"f"}, r.names(paths))
}

// These settings of a person change the output of git grep and ls-files.
func TestFilesUnderOtherSettings(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("sub/ä.yaml", "needle")
	r.git("add", ".")
	for _, setting := range []string{"color.ui=always", "grep.lineNumber=true", "grep.column=true", "grep.patternType=perl",
		"submodule.recurse=true", "core.quotePath=true", "grep.fullName=false", "core.pager=false", "pager.grep=true"} {
		name, value, _ := strings.Cut(setting, "=")
		r.git("config", name, value)
	}
	files, _, err := r.open().Files(t.Context(), r.root)
	require.NoError(t, err)
	require.Len(t, files, 1)
	assert.Equal(t, r.path("sub/ä.yaml"), files[0].Path)
	paths, _, err := r.open().Containing(t.Context(), r.root, "needle")
	require.NoError(t, err)
	assert.Equal(t, []string{"sub/ä.yaml"}, r.names(paths))
}

func TestUnreadIsReported(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("root reads everything")
	}
	r := newRepo(t)
	r.write("dir/f", "needle")
	r.write("file", "needle")
	require.NoError(t, os.Chmod(r.path("dir"), 0))
	require.NoError(t, os.Chmod(r.path("file"), 0))
	t.Cleanup(func() { _ = os.Chmod(r.path("dir"), 0o700) })
	_, unread, err := r.open().Files(t.Context(), r.root)
	require.NoError(t, err)
	assert.Contains(t, strings.Join(unread, "\n"), "could not open directory 'dir/'")
	_, unread, err = r.open().Containing(t.Context(), r.root, "needle")
	require.NoError(t, err)
	assert.Contains(t, strings.Join(unread, "\n"), "'file'")
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	texts := []string{"one\n", "", "\x00\nthree", strings.Repeat("four", 100000)}
	var objects []string
	for i, text := range texts {
		name := string(rune('a' + i))
		r.write(name, text)
		objects = append(objects, strings.TrimSpace(r.git("hash-object", "-w", name)))
	}
	absent := strings.Repeat("1", 40)
	objects = slices.Insert(objects, 1, absent)
	texts = slices.Insert(texts, 1, "")
	called := 0
	require.NoError(t, r.open().Blobs(t.Context(), r.root, objects, func(i int, contents []byte, ok bool) {
		assert.Equal(t, called, i)
		called++
		assert.Equal(t, objects[i] != absent, ok)
		assert.Equal(t, texts[i], string(contents))
	}))
	assert.Equal(t, len(objects), called)
	require.NoError(t, r.open().Blobs(t.Context(), r.root, nil, nil))
	assert.Error(t, r.open().Blobs(t.Context(), t.TempDir(), objects, func(int, []byte, bool) {}))
}

func TestState(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(".gitignore", "*.local.*\n/out/\n/x\\*y\n")
	r.write("dir/tracked", "x")
	r.write("dir/[a]", "x")
	r.git("add", ".")
	r.write("dir/a", "x")
	r.write("new", "x")
	r.write("x.local.yaml", "x")
	r.git("init", "-q", "nested")
	r.write("nested/f", "x")
	require.NoError(t, os.Symlink("dir/tracked", r.path("link")))
	require.NoError(t, os.Symlink("dir", r.path("linkdir")))
	require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "f"), r.path("outlink")))
	for name, want := range map[string]gitrun.State{
		"dir/tracked":     gitrun.Tracked,
		"dir":             gitrun.Tracked,
		"dir/[a]":         gitrun.Tracked,
		"dir/a":           gitrun.Untracked, // [a] is a name, not a pattern
		"new":             gitrun.Untracked,
		"missing":         gitrun.Untracked,
		"no/such/dir/x":   gitrun.Untracked,
		":(top)x":         gitrun.Untracked,
		"-x":              gitrun.Untracked,
		"x.local.yaml":    gitrun.Ignored,
		"y.local.yaml":    gitrun.Ignored,
		"out/a/b":         gitrun.Ignored,
		"x*y":             gitrun.Ignored,
		"x*":              gitrun.Untracked,
		"nested/f":        gitrun.Untracked, // in the nested repository
		"link":            gitrun.Tracked,
		"linkdir/tracked": gitrun.Tracked,
		"linkdir/new":     gitrun.Untracked,
		".git/config":     gitrun.Outside,
	} {
		got, err := r.open().State(t.Context(), r.path(name))
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	got, err := r.open().State(t.Context(), filepath.Join(t.TempDir(), "x"))
	require.NoError(t, err)
	assert.Equal(t, gitrun.Outside, got)
}

func TestTracked(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for name, text := range map[string]string{"a": "old", "dir/[a]": "odd", ":(top)b": "magic", "empty": ""} {
		r.write(name, text)
	}
	r.git("add", ".")
	r.write("a", "new")
	r.write("untracked", "x")
	require.NoError(t, os.Symlink("a", r.path("link")))
	for name, want := range map[string]string{"a": "old", "link": "old", "dir/[a]": "odd", ":(top)b": "magic", "empty": ""} {
		got, tracked, err := r.open().Tracked(t.Context(), r.path(name))
		require.NoError(t, err, name)
		assert.True(t, tracked, name)
		assert.Equal(t, want, string(got), "%s: as the index has it", name)
	}
	for _, path := range []string{r.path("untracked"), r.path("none"), r.path("dir/a"), r.path(".git/config"), filepath.Join(t.TempDir(), "x")} {
		_, tracked, err := r.open().Tracked(t.Context(), path)
		require.NoError(t, err, path)
		assert.False(t, tracked, path)
	}
}

func TestDubiousOwnership(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 || runtime.GOOS == "windows" {
		t.Skip("only root can give a directory to another user")
	}
	r := newRepo(t)
	r.write("f", "x")
	require.NoError(t, os.Lchown(r.root, 12345, 12345))
	for what, ask := range map[string]func(g *gitrun.Git) error{
		"root":       func(g *gitrun.Git) error { _, err := g.Root(t.Context(), r.root); return err },
		"state":      func(g *gitrun.Git) error { _, err := g.State(t.Context(), r.path("f")); return err },
		"files":      func(g *gitrun.Git) error { _, _, err := g.Files(t.Context(), r.root); return err },
		"containing": func(g *gitrun.Git) error { _, _, err := g.Containing(t.Context(), r.root, "x"); return err },
	} {
		err := ask(r.open())
		var refused *gitrun.RefusedError
		require.ErrorAs(t, err, &refused, what)
		assert.Equal(t, "detected dubious ownership in repository at '"+r.root+"'", refused.Reason)
		assert.Equal(t, "git config --global --add safe.directory "+r.root, refused.Remedy)
	}
	// The remedy works.
	r.git("config", "--global", "--add", "safe.directory", r.root)
	root, err := r.open().Root(t.Context(), r.root)
	require.NoError(t, err)
	assert.Equal(t, r.root, root)
}

func TestNoGit(t *testing.T) {
	r := newRepo(t)
	t.Setenv("PATH", t.TempDir())
	_, err := r.open().Root(t.Context(), r.root)
	require.ErrorIs(t, err, gitrun.ErrNoGit)
	state, err := r.open().State(t.Context(), r.path("f"))
	require.NoError(t, err)
	assert.Equal(t, gitrun.Outside, state)
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.open().Root(ctx, r.root)
	require.ErrorIs(t, err, context.Canceled)
}

// A hook runs with variables that lead to its repository and its index.
func TestVariablesOfHooks(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("sub/f", "x")
	r.git("add", ".")
	r.git("commit", "-qm", "x")
	tree := filepath.Join(t.TempDir(), "tree")
	r.git("worktree", "add", "-q", tree)
	tree, err := filepath.EvalSymlinks(tree)
	require.NoError(t, err)
	for what, c := range map[string]struct{ dir, wd string }{
		"in the main work tree": {r.path(".git"), r.root},
		"a relative path":       {".git", r.root},
		"in a linked work tree": {r.path(".git/worktrees/tree"), tree},
	} {
		g := gitrun.New(append(slices.Clone(r.env), "GIT_DIR="+c.dir), c.wd)
		root, err := g.Root(t.Context(), filepath.Join(c.wd, "sub"))
		require.NoError(t, err, what)
		assert.Equal(t, c.wd, root, what)
		state, err := g.State(t.Context(), filepath.Join(c.wd, "sub", "f"))
		require.NoError(t, err, what)
		assert.Equal(t, gitrun.Tracked, state, what)
	}
	index := gitrun.New(append(slices.Clone(r.env), "GIT_INDEX_FILE="+filepath.Join(t.TempDir(), "index")), r.root)
	state, err := index.State(t.Context(), r.path("sub/f"))
	require.NoError(t, err)
	assert.Equal(t, gitrun.Untracked, state, "the index of the commit that is being made counts")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	g := r.open()
	got, err := g.Config(t.Context(), r.root, `^diff\.`)
	require.NoError(t, err)
	assert.Empty(t, got)
	r.git("config", "diff.x.textconv", "cat\nmore")
	got, err = g.Config(t.Context(), r.root, `^diff\.`)
	require.NoError(t, err)
	assert.Equal(t, "diff.x.textconv\ncat\nmore\x00", string(got))
	// git -c reaches drivers in a variable.
	driver := gitrun.New(append(slices.Clone(r.env), "GIT_CONFIG_PARAMETERS='diff.x.cachetextconv'='true'"), r.root)
	got, err = driver.Config(t.Context(), r.root, `cachetextconv`)
	require.NoError(t, err)
	assert.Equal(t, "diff.x.cachetextconv\ntrue\x00", string(got))
	r.write(".git/config", "[")
	_, err = g.Config(t.Context(), r.root, `^diff\.`)
	assert.ErrorContains(t, err, "bad config")
}

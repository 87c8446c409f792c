package internal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	goBlock      = regexp.MustCompile("(?s)```go\n(package main.*?)```")
	consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")
	anyCode      = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")
	mdLink       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdHeading    = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// console returns the output that the README shows after a command.
func console(t *testing.T, readme, command string) string {
	t.Helper()
	for _, m := range consoleBlock.FindAllStringSubmatch(readme, -1) {
		if out, ok := strings.CutPrefix(m[1], "$ "+command+"\n"); ok {
			out, _, _ = strings.Cut(out, "\n$ ")
			return strings.TrimSuffix(out, "\n") + "\n"
		}
	}
	t.Fatalf("the README does not show %s", command)
	return ""
}

// The README's program prints the output in the README, in the project that the
// README's first command makes.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	require.NoError(t, err)
	readme := string(text)
	program := goBlock.FindStringSubmatch(readme)
	require.NotNil(t, program, "the README has a program")

	dir := consumer(t, program[1])
	bin := t.TempDir()
	out, err := goIn(t, dir, "build", "-o", filepath.Join(bin, "app.exe"), ".")
	require.NoError(t, err, "%s", out)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "sealcfg.exe"), "./cmd/sealcfg")
	build.Dir = root(t)
	out, err = build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	home := t.TempDir()
	run := func(name string, environ []string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, name), args...)
		cmd.Dir = dir
		// The keys of this machine are not used.
		cmd.Env = append([]string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "AppData=" + home,
		}, environ...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return strings.ReplaceAll(string(out), home, "/home/alice")
	}
	assert.Equal(t, console(t, readme, "sealcfg init --name alice"), run("sealcfg.exe", nil, "init", "--name", "alice"))
	assert.Equal(t, console(t, readme, "SEALCFG_ENV=prod APP_DB__PORT=6543 go run ."),
		run("app.exe", []string{"SEALCFG_ENV=prod", "APP_DB__PORT=6543"}))
}

// The README promises that CI runs the same command.
func TestReadmeCommands(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	require.NoError(t, err)
	ci, err := os.ReadFile(filepath.Join(root(t), ".ci", "run"))
	require.NoError(t, err)
	for _, command := range []string{"go test -race -timeout 30m work", "go run ./examples/quickstart"} {
		line := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(command) + `(\s|$)`)
		assert.Regexp(t, line, string(readme))
		assert.Regexp(t, line, string(ci))
	}
}

// Links between the documents lead somewhere.
func TestLinks(t *testing.T) {
	var docs []string
	for _, pattern := range []string{"*.md", "docs/*.md", "bench/*.md"} {
		found, err := filepath.Glob(filepath.Join(root(t), pattern))
		require.NoError(t, err)
		docs = append(docs, found...)
	}
	require.Greater(t, len(docs), 5)
	links := 0
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		require.NoError(t, err)
		for _, m := range mdLink.FindAllStringSubmatch(anyCode.ReplaceAllString(string(text), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			path, fragment, _ := strings.Cut(m[1], "#")
			target := doc
			if path != "" {
				target = filepath.Join(filepath.Dir(doc), filepath.FromSlash(path))
			}
			to, err := os.ReadFile(target)
			if !assert.NoError(t, err, "%s links to %s", filepath.Base(doc), m[1]) || fragment == "" {
				continue
			}
			assert.Contains(t, anchors(string(to)), fragment, "%s links to %s", filepath.Base(doc), m[1])
		}
	}
	assert.Greater(t, links, 8)
}

var testLink = regexp.MustCompile(`\[((?:Test|Example)\w*)\]\(([^)\s]+_test\.go)\)`)

// The documents name tests and examples that there are.
func TestLinksToTests(t *testing.T) {
	docs, err := filepath.Glob(filepath.Join(root(t), "docs", "*.md"))
	require.NoError(t, err)
	links := 0
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		require.NoError(t, err)
		for _, m := range testLink.FindAllStringSubmatch(string(text), -1) {
			links++
			code, err := os.ReadFile(filepath.Join(filepath.Dir(doc), filepath.FromSlash(m[2])))
			require.NoError(t, err)
			assert.Contains(t, string(code), "func "+m[1]+"(", "%s names %s", filepath.Base(doc), m[1])
		}
	}
	assert.Greater(t, links, 50)
}

var notInAnchor = regexp.MustCompile(`[^a-z0-9 _-]`)

// anchors are the fragments under which headings are found.
func anchors(doc string) []string {
	var all []string
	for _, m := range mdHeading.FindAllStringSubmatch(doc, -1) {
		all = append(all, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

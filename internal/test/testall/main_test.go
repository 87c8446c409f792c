package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The last line names the tests that did not run, for passing packages too.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":          "module example.com/a\n\ngo 1.24\n",
		"a_test.go":       "package a\n\nimport \"testing\"\n\nfunc TestSkipped(t *testing.T) { t.Skip(\"no such program\") }\n\nfunc TestPasses(t *testing.T) { t.Log(\"quiet\") }\n",
		"b/b_test.go":     "package b\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { t.Run(\"sub\", func(t *testing.T) { t.Skip() }) }\n",
		"other/go.mod":    "module example.com/other\n\ngo 1.24\n",
		"other/o_test.go": "package other\n\nimport \"testing\"\n\nfunc TestOther(t *testing.T) { t.Error(\"broken\") }\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	t.Chdir(dir)
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	var out bytes.Buffer
	require.NoError(t, run(&out, false, nil))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	assert.Equal(t, "skipped tests: 2: TestB/sub, TestSkipped (no such program); modules not covered: other; to run everything: .ci/run", lines[len(lines)-1])
	assert.Len(t, lines, 3, "a line for each package: %s", out.String())
	assert.NotContains(t, out.String(), "quiet")

	out.Reset()
	require.Error(t, run(&out, true, nil))
	assert.Contains(t, out.String(), "broken")
	assert.Contains(t, out.String(), "modules not covered: none")

	out.Reset()
	require.NoError(t, run(&out, false, []string{"-run", "TestPasses", "."}))
	assert.Contains(t, out.String(), "skipped tests: none")
}

func TestModulesOfTheRepository(t *testing.T) {
	t.Chdir("../../..")
	found, err := modules(".")
	require.NoError(t, err)
	assert.Equal(t, ".", found[0])
	assert.Contains(t, found, "bench")
	assert.Contains(t, found, filepath.Join("services", "aws"))
	workspace, err := inWorkspace(".")
	require.NoError(t, err)
	assert.True(t, workspace["."] && workspace[filepath.Join("services", "aws")], "%v", workspace)
	assert.False(t, workspace["bench"])
}

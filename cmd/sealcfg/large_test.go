//go:build linux && !race

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// costs runs a command and returns its processor time, which other processes affect little, and its
// memory in MB.
func (b *bench) costs(args ...string) (cpu time.Duration, memory int64, err error) {
	cmd := b.command(args...)
	err = cmd.Run()
	state := cmd.ProcessState
	return state.UserTime() + state.SystemTime(), state.SysUsage().(*syscall.Rusage).Maxrss >> 10, err
}

// A large file does not take long, and a crafted one takes less.
func TestLargeFilesAndBombs(t *testing.T) {
	b := newBench(t)
	put := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(b.dir, "environments", name), []byte(text), 0o600))
	}
	var large strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&large, "key_%06d: \"value %d\"\n", i, i)
	}
	put("large.yaml", large.String())
	b.sealcfg("encrypt", "-q", "large")
	cpu, memory, err := b.costs("decrypt", "large", "-o", filepath.Join(b.dir, "plain"))
	require.NoError(t, err)
	t.Logf("100,000 values: %v, %d MB", cpu, memory)
	assert.Equal(t, large.String(), readFile(t, filepath.Join(b.dir, "plain")))
	assert.Less(t, cpu, 2*time.Second)
	assert.Less(t, memory, int64(300))

	block := readFile(t, b.prod())
	block = block[strings.Index(block, "sops:\n"):]
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	put("bomb.yaml", bomb+block)
	put("line.yaml", "a: &a ["+strings.Repeat("x, ", 10_000)+"]\nl:\n"+strings.Repeat("  - *a\n", 10_000)+block)
	put("deep.yaml", "a: "+strings.Repeat("{a: ", 100_000)+"\n"+block)
	for _, name := range []string{"bomb", "line", "deep"} {
		for _, args := range [][]string{{"decrypt", name}, {"view", name}, {"set", name, "a", "x"}} {
			cpu, memory, err := b.costs(args...)
			require.Error(t, err)
			t.Logf("%v: %v, %d MB", args, cpu, memory)
			assert.Less(t, cpu, time.Second)
			assert.Less(t, memory, int64(256))
		}
	}
}

// A repository with a thousand files does not need the memory of a thousand files.
func TestRekeyOfManyFiles(t *testing.T) {
	b := newBench(t)
	dir := filepath.Join(b.dir, "deploy")
	require.NoError(t, os.Mkdir(dir, 0o755))
	policy := readFile(t, filepath.Join(b.dir, ".sops.yaml"))
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, ".sops.yaml"), []byte(strings.ReplaceAll(policy, "^environments/", "^(environments|deploy)/")), 0o600))
	var text strings.Builder
	for i := range 60 {
		fmt.Fprintf(&text, "key_%d: %s\n", i, strings.Repeat("value ", 20))
	}
	first := filepath.Join(dir, "0000.yaml")
	require.NoError(t, os.WriteFile(first, []byte(text.String()), 0o600))
	b.sealcfg("encrypt", "-q", "deploy/0000.yaml")
	encrypted := bindingBlock.ReplaceAllString(readFile(t, first), "") // so that it is valid under every name
	t.Logf("a file has %d bytes", len(encrypted))
	const files = 1000
	for i := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.yaml", i)), []byte(encrypted), 0o600))
	}
	for _, args := range [][]string{{"rekey", "--yes", "-q", "deploy"}, {"key", "list"}} {
		cpu, memory, err := b.costs(args...)
		require.NoError(t, err)
		t.Logf("%v: %v, %d MB", args, cpu, memory)
		assert.Less(t, memory, int64(60))
	}
	for _, i := range []int{0, files / 2, files - 1} {
		now := readFile(t, filepath.Join(dir, fmt.Sprintf("%04d.yaml", i)))
		assert.NotEqual(t, encrypted, now)
		assert.Contains(t, now, "sealcfg:", "it has a binding now")
	}
}

//go:build linux

package settings_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/internal/secretmem"
)

// within is a source and a Validate method that record whether they run in secret mode.
type within struct {
	A int
}

var validatedWithin bool

func (within) Validate() error {
	validatedWithin = secretmem.Within()
	return nil
}

type withinSource struct{ read, elsewhere bool }

func (*withinSource) Name() string { return "within" }

func (s *withinSource) Read(_ context.Context, r *sealcfg.Reading) error {
	s.read = secretmem.Within()
	other := make(chan bool)
	go func() { other <- secretmem.Within() }() // as the libraries of key services do
	s.elsewhere = <-other
	return r.Set("a", "1", sealcfg.Origin{})
}

func TestLoadRunsInRuntimeSecret(t *testing.T) {
	s := &withinSource{}
	_, err := sealcfg.Load[within](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithSource(s),
		sealcfg.OnWarning(func(*sealcfg.Problem) { assert.False(t, secretmem.Within()) }))
	require.NoError(t, err)
	assert.Equal(t, secretmem.Enabled, s.read)
	assert.Equal(t, secretmem.Enabled, validatedWithin)
	assert.False(t, s.elsewhere, "goroutines that a source starts are not covered")
	assert.False(t, secretmem.Within())
}

// The test counts the copies of a secret in the memory of a process that loaded and then released
// it. Another process searches the memory.
func TestMemoryOfSettings(t *testing.T) {
	if dir := os.Getenv("SEALCFG_TEST_MEMORY"); dir != "" {
		holdSettings(dir)
		return
	}
	dir, canary := t.TempDir(), rand.Text()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prod.yaml"), seal(t, "password: "+canary+"\n"), 0o600))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryOfSettings$")
	cmd.Env = append(os.Environ(), "SEALCFG_TEST_MEMORY="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := bufio.NewScanner(out)
	next := func() string {
		require.True(t, said.Scan())
		return said.Text()
	}
	require.Equal(t, "loaded", next())
	held := inMemory(t, cmd.Process.Pid, canary)
	_, err = io.WriteString(in, "\n")
	require.NoError(t, err)
	require.Equal(t, "let go", next())
	left := inMemory(t, cmd.Process.Pid, canary)
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())

	t.Logf("runtime/secret: %t; the secret is in memory %d times while it is held, %d times after that", secretmem.Enabled, held, left)
	assert.Positive(t, held, "it can be found at all")
	if secretmem.Enabled && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") {
		assert.Zero(t, left)
	}
}

func holdSettings(dir string) {
	key, err := os.ReadFile("../../../testdata/demo-key.txt")
	if err != nil {
		panic(err)
	}
	type settings struct{ Password sealcfg.Secret[string] }
	s, err := sealcfg.Load[settings](context.Background(), sealcfg.WithDir(dir), sealcfg.WithEnv("prod"), sealcfg.WithIdentityText(string(key)))
	if err != nil {
		panic(err)
	}
	fmt.Println("loaded")
	stdin := bufio.NewReader(os.Stdin)
	_, _ = stdin.ReadByte()
	if !s.Password.IsSet() {
		panic("lost")
	}
	s.Password.Destroy()
	for range 3 {
		runtime.GC()
	}
	fmt.Println("let go")
	_, _ = stdin.ReadByte()
}

// inMemory counts the occurrences of a text in the writable memory of a process.
func inMemory(t *testing.T, pid int, text string) int {
	t.Helper()
	regions, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	require.NoError(t, err)
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Skipf("SKIPPED, nothing is checked: %v", err)
	}
	defer func() { _ = memory.Close() }()
	count := 0
	for line := range strings.Lines(string(regions)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") {
			continue
		}
		region := make([]byte, to-from)
		if n, err := memory.ReadAt(region, from); err == nil {
			count += bytes.Count(region[:n], []byte(text))
		}
	}
	return count
}

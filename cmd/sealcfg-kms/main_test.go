package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/kmswire"
	"github.com/sealcfg/sealcfg/keys/kmswire/kmstest"
)

// envDemo makes the test binary behave as sealcfg-kms, with a local key service.
const envDemo = "SEALCFG_KMS_TEST_DEMO"

func TestMain(m *testing.M) {
	if os.Getenv(envDemo) != "" {
		os.Exit(run(os.Args[1:], []keys.Service{kmstest.Service{Kind: "kms"}}))
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), envDemo+"=1", "GORACE=atexit_sleep_ms=0")
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func TestArguments(t *testing.T) {
	for _, arg := range []string{"version", "--version"} {
		out, err := program(t, arg).Output()
		require.NoError(t, err)
		assert.Regexp(t, `^sealcfg-kms \S+ \(protocol 1, keys of type kms\)\n$`, string(out))
	}
	cmd := program(t, "decrypt", "x")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	assert.Equal(t, 2, cmd.ProcessState.ExitCode())
	assert.Equal(t, "sealcfg runs sealcfg-kms for files with keys of type kms.\n"+
		"Install it in the directory of sealcfg or on PATH. You never need to run it yourself.\n", string(out))

	cmd = program(t)
	cmd.Stdin = strings.NewReader("what?\n")
	out, err = cmd.CombinedOutput()
	require.Error(t, err)
	assert.Equal(t, 1, cmd.ProcessState.ExitCode())
	assert.Equal(t, "sealcfg-kms: read the first line: not a message of the protocol\n", string(out))
}

// The terminal sends Ctrl-C to sealcfg and to the helper. The helper ignores it:
// sealcfg decides whether to stop, and then closes the helper's stdin.
func TestInterruptsAreLeftToSealcfg(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send an interrupt to another")
	}
	cmd := program(t)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	w, r := kmswire.NewWriter(in), kmswire.NewReader(bufio.NewReader(out))
	require.NoError(t, w.Write(kmswire.Hello{Protocol: kmswire.Protocol}))
	hello, err := r.Hello()
	require.NoError(t, err)
	assert.Equal(t, []string{"kms"}, hello.Types)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGQUIT, syscall.SIGHUP} {
		require.NoError(t, cmd.Process.Signal(sig))
	}
	secret := []byte("0123456789abcdef")
	q := &kmswire.Request{ID: 1, Op: kmswire.OpWrap, Stanza: &kmswire.Stanza{Type: "kms"}, Secret: secret}
	require.NoError(t, w.Write(q))
	a, err := r.Response()
	require.NoError(t, err)
	require.Nil(t, a.Error)
	text, err := json.Marshal(a.Stanza)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "0123456789abcdef")
	require.NoError(t, w.Write(&kmswire.Request{ID: 2, Op: kmswire.OpUnwrap, Stanza: a.Stanza}))
	a, err = r.Response()
	require.NoError(t, err)
	assert.Equal(t, secret, a.Secret)

	require.NoError(t, in.Close())
	_, err = r.Response()
	assert.Equal(t, io.EOF, err)
	require.NoError(t, cmd.Wait())
}

package kmswire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/kmswire/kmstest"
)

// The test binary is also the helper. The first variable selects its behavior, the
// second its log file.
const (
	envRole = "KMSWIRE_TEST_ROLE"
	envLog  = "KMSWIRE_TEST_LOG"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

func play(role string) int {
	log, err := os.OpenFile(os.Getenv(envLog), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 9
	}
	fmt.Fprintln(log, "started")
	hello := func(h Hello) { _ = NewWriter(os.Stdout).Write(h) }
	first := func() { _, _ = bufio.NewReader(os.Stdin).ReadString('\n') }
	known := Hello{Protocol: Protocol, Types: []string{"kms", "hc_vault"}}
	switch role {
	case "good":
		err := Serve(context.Background(), os.Stdin, os.Stdout, "test", []keys.Service{
			kmstest.Service{Kind: "kms", Log: log}, kmstest.Service{Kind: "hc_vault", Log: log},
		})
		fmt.Fprintln(log, "ended")
		if err != nil {
			return 1
		}
	case "other version":
		first()
		hello(Hello{Protocol: Protocol + 1})
	case "silent": // ignores the end of stdin as well
		time.Sleep(time.Hour)
	case "mute after hello":
		first()
		hello(known)
		time.Sleep(time.Hour)
	case "dies":
		return 7
	case "dies after hello":
		r := NewReader(os.Stdin)
		_, _ = r.Hello()
		hello(known)
		_, _ = r.Request()
		return 7
	case "garbage":
		fmt.Println("Usage: sealcfg-kms secret-canary")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "garbage after hello":
		first()
		hello(known)
		fmt.Println(`{"id":1,"secret":"secret-canary"`)
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "wrong id":
		first()
		hello(known)
		fmt.Println(`{"id":99,"secret":"AAAA"}`)
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "other answer":
		r := NewReader(os.Stdin)
		_, _ = r.Hello()
		hello(known)
		q, _ := r.Request()
		_ = NewWriter(os.Stdout).Write(Response{ID: q.ID, Secret: []byte("x")})
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "huge line":
		first()
		hello(known)
		for {
			if _, err := fmt.Print(strings.Repeat("a", 1<<16)); err != nil {
				return 0
			}
		}
	}
	return 0
}

// startAs returns a client that runs the test binary as a helper with the given role,
// and a function that returns the helper's log.
func startAs(t *testing.T, role string, patience time.Duration) (h *Helper, log func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	t.Setenv(envRole, role)
	t.Setenv(envLog, path)
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	h = New(Options{
		Find:    os.Executable,
		Timeout: func(string) (time.Duration, error) { return patience, nil },
		Stderr:  os.Stderr,
	})
	t.Cleanup(h.Close)
	return h, func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			require.ErrorIs(t, err, os.ErrNotExist)
		}
		return string(text)
	}
}

func key(name string) *keys.Stanza {
	return &keys.Stanza{Type: "kms", Fields: []keys.Field{{Name: "arn", Value: name}}}
}

// eventually waits for a condition in another process by polling.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

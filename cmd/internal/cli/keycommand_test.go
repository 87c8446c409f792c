//go:build unix

package cli

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func runKeyCommand(ctx context.Context, script string) ([]byte, error) {
	a := &App{Stdin: os.Stdin, Stderr: NewErrorStream(os.Stderr), LookupEnv: func(string) (string, bool) { return "", false }}
	return a.runKeyCommand(ctx, []string{"sh", "-c", script})
}

// A key command may be a script, and its child processes hold its output open.
func TestKeyCommandEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := runKeyCommand(ctx, "sleep 20; true")
	require.Error(t, err)
	assert.Less(t, time.Since(begin), 15*time.Second)
}

// A key command may start an agent that keeps running. The command does not wait for it
// and does not fail.
func TestKeyCommandLeavesAnAgentBehind(t *testing.T) {
	begin := time.Now()
	out, err := runKeyCommand(t.Context(), "sleep 20 & echo key")
	require.NoError(t, err)
	assert.Equal(t, "key\n", string(out))
	assert.Less(t, time.Since(begin), 15*time.Second)
	_, err = runKeyCommand(t.Context(), "sleep 20 & exit 7")
	require.ErrorContains(t, err, "exit status 7")
}

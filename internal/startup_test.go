package internal_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Bytes allocated before main. The times are too short to be measured on a busy
// machine. The bytes are the same in each run, and allocations take time.
const (
	maxInit    = 128 << 10 // everything that is linked
	maxOurInit = 8 << 10   // one of our packages: a regular expression takes 5 to 20 KB
)

// The cost of every start of the command before main.
func TestStartUp(t *testing.T) {
	command := filepath.Join(t.TempDir(), "sealcfg")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", command, "./cmd/sealcfg")
	build.Dir = root(t)
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	run := exec.CommandContext(t.Context(), command, "version")
	run.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var stderr bytes.Buffer
	run.Stderr = &stderr
	require.NoError(t, run.Run())

	total, ours := 0, 0
	for _, m := range initTrace.FindAllStringSubmatch(stderr.String(), -1) {
		size, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		total += size
		if m[1] == "main" || strings.HasPrefix(m[1], module+"/") {
			ours++
			assert.LessOrEqual(t, size, maxOurInit, "%s allocates before main: put it off until it is needed (internal/pattern, sync.OnceValue)", m[1])
		}
	}
	t.Logf("%d bytes before main of at most %d", total, maxInit)
	assert.Greater(t, ours, 3, "the trace names our packages")
	assert.LessOrEqual(t, total, maxInit)
}

var initTrace = regexp.MustCompile(`(?m)^init (\S+) @.* ms clock, ([0-9]+) bytes, [0-9]+ allocs$`)

//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/faultinject"
)

// The power goes away at any moment of a command: whatever of what was not flushed
// is on disk then, each file is old or new. And what a command says it has done
// stays done. See faultinject.PowerCuts for what a disk may do.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	bin, err := builder(t.TempDir(), "../sealcfg")()
	require.NoError(t, err)
	total := 0 // states
	for _, s := range faultScenarios {
		if s.slow && os.Getenv("SEALCFG_FAULTS") != "whole" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			total += s.cutPower(t, bin)
		})
	}
	t.Logf("%d states", total)
}

// cutPower returns how many states it has looked at.
func (s faultScenario) cutPower(t *testing.T, bin string) int {
	b := newFaultBed(t, bin)
	j := &judge{plain: s.plain, says: map[string]string{}}
	s.prepare(t, b)
	j.before = b.tree(t)
	clean, err := faultinject.Run(b.command(s.args, s.stdin), nil)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("calls are counted on linux/amd64 only")
	}
	require.NoError(t, err)
	require.Zero(t, clean.ExitCode, clean.Stderr)
	j.after = b.tree(t)

	states := faultinject.PowerCuts(b.dir, j.before, clean.Calls)
	require.NotEmpty(t, states)
	for i, state := range states {
		where := fmt.Sprintf("after call %d of %d", state.After, len(clean.Calls))
		v, err := j.look(state.Files)
		if !assert.NoError(t, err, where) {
			continue
		}
		if state.After == len(clean.Calls) {
			assert.Zero(t, v.old, "it has ended well, and yet what it did can be lost")
		}
		if i%10 != 0 { // to run it again takes longer than to look
			continue
		}
		b.reset(t, state.Files)
		_, again, err := b.runs(s.stdin, s.args...)
		var exit *exec.ExitError
		if errors.As(err, &exit) && v.old == 0 && s.done != "" && strings.Contains(again, s.done) {
			err = nil
		}
		require.NoError(t, err, "%s: %s", where, again)
		v, err = j.look(b.tree(t))
		assert.NoError(t, err, where)
		assert.Zero(t, v.old, "%s: after the second run", where)
	}
	return len(states)
}

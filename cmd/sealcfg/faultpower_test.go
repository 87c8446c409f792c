//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/faultinject"
)

// cutPower simulates a power failure at each moment of a command. Of the unflushed writes, any may
// be on disk. Each file must then be old or new, and a change that the command has reported must
// persist. It returns the number of disk states that it checked.
func (s faultScenario) cutPower(t *testing.T, b *faultBed, j *judge, calls []*faultinject.Call) int {
	t.Helper()
	states := faultinject.PowerCuts(b.dir, j.before, calls)
	require.NotEmpty(t, states)
	for i, state := range states {
		where := fmt.Sprintf("the power is cut after call %d of %d", state.After, len(calls))
		v, err := j.look(state.Files)
		if !assert.NoError(t, err, where) {
			continue
		}
		if state.After == len(calls) {
			assert.Zero(t, v.old, "it has ended well, and yet what it did can be lost")
		}
		if i%(len(states)/6+1) != 0 { // running it again takes longer than looking
			continue
		}
		b.reset(t, state.Files)
		if v.damaged {
			b.restore(t, s.mounted)
		}
		_, again, err := b.runs(s.stdin, s.args...)
		if err != nil && (v.old > 0 && !v.damaged || s.done == "" || !strings.Contains(again, s.done)) {
			t.Errorf("%s: the second run: %v: %s", where, err, again)
		}
		v, err = j.look(b.tree(t))
		assert.NoError(t, err, where)
		assert.Zero(t, v.old, "%s: after the second run", where)
	}
	return len(states)
}

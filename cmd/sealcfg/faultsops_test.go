//go:build linux

package main

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/sealcfg/sealcfg/internal/test/faultinject"
)

// sops gets the same faults at its calls on the file that it writes. The test counts how often the
// result is neither the old file nor the new one. docs/security.md has the numbers.
func TestFaultsOfSops(t *testing.T) {
	t.Parallel()
	if os.Getenv("SEALCFG_FAULTS") != "whole" {
		t.Skip("SEALCFG_FAULTS=whole compares with sops")
	}
	if clitest.Sops() == "" {
		require.NotEqual(t, "true", os.Getenv("CI"), "the real sops is not installed")
		t.Skip("the real sops is not installed")
	}
	bin, err := clitest.Sealcfg()
	require.NoError(t, err)
	for _, args := range [][]string{
		{"set", "environments/prod.yaml", `["password"]`, `"` + canaryAfter + `"`},
		{"unset", "environments/prod.yaml", `["password"]`},
		{"rotate", "-i", "environments/prod.yaml"},
	} {
		t.Run(args[0], func(t *testing.T) {
			b := newFaultBed(t, bin)
			sealedFiles(1)(t, b)
			b.bin = clitest.Sops()
			lost, injected := loses(t, b, args)
			t.Logf("sops %s: the file is lost in %d of %d cases", args[0], lost, injected)
			assert.Positive(t, lost)
		})
	}
}

// loses injects the faults that can happen to a command's calls on the file.
func loses(t *testing.T, b *faultBed, args []string) (lost, injected int) {
	t.Helper()
	const file = "project/environments/prod.yaml"
	before := b.tree(t)
	clean, err := faultinject.Run(b.command(args, ""), nil)
	skipUntraced(t, err)
	require.NoError(t, err)
	require.Zero(t, clean.ExitCode, clean.Stderr)
	j := &judge{before: before, after: b.tree(t), says: map[string]string{}}
	for _, f := range []faultinject.Fault{
		{Moment: faultinject.KillBefore}, {Moment: faultinject.KillAfter}, {Moment: faultinject.Short, Errno: syscall.ENOSPC},
		{Errno: syscall.ENOSPC, Lasts: true}, {Errno: syscall.EDQUOT}, {Errno: syscall.EIO},
	} {
		writing := false
		for _, c := range clean.Calls {
			if !f.CanHit(c) {
				continue
			}
			f.N++
			if writing = writing || c.Changes; !writing || !strings.HasSuffix(c.Path, file) {
				continue // it has not begun to write
			}
			b.reset(t, before)
			r, err := faultinject.Run(b.command(args, ""), &f)
			require.NoError(t, err)
			if r.Hit == nil {
				continue
			}
			injected++
			if _, err := j.look(b.tree(t)); err != nil {
				lost++
				t.Logf("%s at %s: %v; exit code %d", f, strings.TrimPrefix(r.Hit.String(), b.dir+"/"), err, r.ExitCode)
			}
		}
	}
	cut, states := 0, faultinject.PowerCuts(b.dir, before, clean.Calls)
	for _, state := range states {
		if _, err := j.look(state.Files); err != nil {
			cut++
		}
	}
	t.Logf("sops %s: a power cut loses the file in %d of %d states", args[0], cut, len(states))
	assert.Positive(t, cut)
	return lost, injected
}

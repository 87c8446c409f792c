//go:build linux

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/sealcfg/sealcfg/internal/test/faultinject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A command is killed or fails at each of its file system calls in turn, or the power fails.
// Afterwards every file must be old or new, no plaintext may be left, and a second run must do the
// work.
//
// There are more than five thousand such points, which take minutes. By default, a fixed selection
// of some hundred is tested; with SEALCFG_FAULTS=whole, all are (.ci/run does that).

var faultKinds = []faultinject.Fault{
	{Moment: faultinject.KillBefore}, {Moment: faultinject.KillAfter},
	{Moment: faultinject.Short, Errno: syscall.ENOSPC},
	{Errno: syscall.ENOSPC, Lasts: true}, {Errno: syscall.EROFS, Lasts: true},
	{Errno: syscall.EIO}, {Errno: syscall.EACCES}, {Errno: syscall.EDQUOT},
}

func TestFaults(t *testing.T) {
	t.Parallel()
	bin, err := clitest.Sealcfg()
	require.NoError(t, err)
	whole := os.Getenv("SEALCFG_FAULTS") == "whole"
	tally := map[string]map[string]int{}
	for i, s := range faultScenarios {
		if s.slow && !whole {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			tally[s.name] = s.try(t, bin, whole, float64(i)/float64(len(faultScenarios)))
		})
	}
	logTally(t, tally)
}

// try injects the faults of a scenario and returns the number of each kind. See points for the
// rest.
func (s faultScenario) try(t *testing.T, bin string, whole bool, shift float64) map[string]int {
	first := newFaultBed(t, bin)
	first.mounted = s.mounted
	j := &judge{plain: s.plain, mounted: s.mounted, says: map[string]string{}}
	s.prepare(t, first)
	j.before = first.tree(t)
	clean, err := faultinject.Run(first.command(s.args, s.stdin), nil)
	skipUntraced(t, err)
	require.NoError(t, err)
	require.Zero(t, clean.ExitCode, clean.Stderr)
	j.after = first.tree(t)
	_, err = j.look(j.after)
	require.NoError(t, err)

	require.NotEmpty(t, clean.Calls)
	points := s.points(clean.Calls, whole, shift)
	var mu sync.Mutex
	counts := map[string]int{"states": s.cutPower(t, first, j, clean.Calls)}
	var workers sync.WaitGroup
	for w := range 2 {
		b := first
		if w > 0 {
			b = newFaultBed(t, bin)
			b.mounted = s.mounted
		}
		workers.Go(func() {
			for i := w; i < len(points); i += 2 {
				f := points[i]
				hit := s.point(t, b, j, f)
				mu.Lock()
				if hit {
					counts[f.String()]++
				} else {
					counts["not met"]++
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return counts
}

// skipUntraced skips a test if no program can be traced.
func skipUntraced(t *testing.T, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		t.Skip("faults are injected on linux/amd64 only")
	case errors.Is(err, syscall.EPERM) && os.Getenv("CI") != "true":
		t.Skip("no process may be traced here (ptrace)")
	}
}

// points returns the faults to inject: each kind at each call where it can happen, or at every n-th
// such call, beginning at shift, so that scenarios test different calls.
func (s faultScenario) points(calls []*faultinject.Call, whole bool, shift float64) []faultinject.Fault {
	var all []faultinject.Fault
	for _, f := range faultKinds {
		for _, c := range calls {
			if f.CanHit(c) {
				f.N++
				all = append(all, f)
			}
		}
	}
	most := s.most
	if !whole {
		most = 10
	}
	if most == 0 || len(all) <= most {
		return all
	}
	some := make([]faultinject.Fault, most)
	for i := range some {
		some[i] = all[int((float64(i)+shift)*float64(len(all))/float64(most))]
	}
	return some
}

// point injects one fault and checks the files. It reports whether the run reached the fault.
func (s faultScenario) point(t *testing.T, b *faultBed, j *judge, f faultinject.Fault) bool {
	t.Helper()
	b.reset(t, j.before)
	r, err := faultinject.Run(b.command(s.args, s.stdin), &f)
	require.NoError(t, err)
	where := fmt.Sprintf("%s, %s %d", s.name, f, f.N)
	if r.Hit != nil {
		where += fmt.Sprintf(" (%s)", strings.ReplaceAll(r.Hit.String(), b.dir+"/", ""))
	}
	now := b.tree(t)
	v, err := j.look(now)
	if !assert.NoError(t, err, where) {
		t.Log(r.Stderr)
		return true
	}
	if err := s.wellEnded(r, f, v); err != nil {
		t.Errorf("%s: %v; exit code %d: %s", where, err, r.ExitCode, r.Stderr)
	}
	old := v.old
	if maps.Equal(now, j.before) && len(scratchOf(r.PID, "")) == 0 {
		return r.Hit != nil // as if it had not run: a second run is a first one
	}
	if v.damaged {
		b.restore(t, s.mounted)
	}
	_, again, err := b.runs(s.stdin, s.args...)
	if err != nil && (v.old > 0 && !v.damaged || s.done == "" || !strings.Contains(again, s.done)) {
		t.Errorf("%s: the second run: %v: %s", where, err, again)
	}
	v, err = j.look(b.tree(t))
	if assert.NoError(t, err, "%s: after the second run", where) {
		assert.Zero(t, v.old, "%s: after the second run: %s", where, again)
		temps := slices.DeleteFunc(v.temps, func(name string) bool { return strings.HasPrefix(name, copiesBelow) }) // the next copy removes them
		if old > 0 || r.Hit == nil || !strings.HasPrefix(r.Hit.Name, "unlink") {                                    // without work to do, the second run does not write
			assert.Empty(t, temps, "%s: after the second run", where)
		}
	}
	assert.Empty(t, scratchOf(r.PID, ""), "%s: plain text after the second run", where)
	return r.Hit != nil
}

// scratchOf lists the directories, or the files in them, that a process left where editors work.
func scratchOf(pid int, in string) []string {
	left, _ := filepath.Glob(fmt.Sprintf("/dev/shm/sealcfg-%d-*%s", pid, in))
	return left
}

// wellEnded returns an error for a wrong exit of the command.
func (s faultScenario) wellEnded(r *faultinject.Result, f faultinject.Fault, v verdict) error {
	for _, text := range []string{r.Stdout, r.Stderr} {
		if err := noCanary("output", text); err != nil {
			return err
		}
	}
	if r.Killed {
		return nil
	}
	left := scratchOf(r.PID, "/*")
	// rekey reports a file that it cannot read, and processes the others.
	skips := s.args[0] == "rekey" && r.ExitCode == cli.ExitProblems && strings.Contains(r.Stderr, "warning: skipped")
	switch {
	case r.ExitCode == 0 && v.old > 0:
		return fmt.Errorf("no error, and yet %d files are old", v.old)
	case r.ExitCode == 0 && len(v.temps) > 0:
		return fmt.Errorf("no error, and yet there is %v", v.temps)
	case r.ExitCode == 0 && len(left) > 0:
		return fmt.Errorf("no error, and yet plain text is in %v", left)
	case r.ExitCode == 0:
		return nil
	case r.Hit == nil:
		return fmt.Errorf("an error without a fault")
	case s.args[0] != "sops" && !skips && !slices.Contains([]int{cli.ExitError, cli.ExitNoKey}, r.ExitCode):
		return fmt.Errorf("exit code")
	case !strings.Contains(r.Stderr, f.Errno.Error()):
		return fmt.Errorf("what failed is not said")
	case !slices.ContainsFunc(r.Calls, func(c *faultinject.Call) bool { return c.Err == f.Errno && saysPath(r.Stderr, c.Path) }):
		return fmt.Errorf("the path is not said")
	case v.old == 0 && !skips && !strings.Contains(r.Stderr, "is in place") && !strings.Contains(r.Stderr, "cannot remove the plaintext"):
		return fmt.Errorf("an error, and yet all is done, and that is not said")
	case len(v.temps) > 0 && !f.Lasts && !strings.HasPrefix(r.Hit.Name, "unlink"):
		return fmt.Errorf("temporary files are left: %v", v.temps)
	case len(left) > 0 && !strings.Contains(r.Stderr, filepath.Dir(left[0])):
		return fmt.Errorf("plain text is in %v, and that is not said", left)
	}
	return nil
}

// saysPath reports whether text contains the path of a file. A temporary file may appear under
// its final name, and a directory as a file in it.
func saysPath(text, path string) bool {
	base := filepath.Base(path)
	if name, _, ok := strings.Cut(base, ".sealcfg-"); ok {
		base = strings.TrimPrefix(name, ".")
	}
	return strings.Contains(text, base)
}

func logTally(t *testing.T, tally map[string]map[string]int) {
	var b strings.Builder
	total, states := 0, 0
	for _, s := range faultScenarios {
		sum := 0
		var parts []string
		for _, f := range faultKinds {
			if n := tally[s.name][f.String()]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d", f, n))
				sum += n
			}
		}
		total += sum
		fmt.Fprintf(&b, "%5d  %s: %s; not met %d; %d states after a power cut\n",
			sum, s.name, strings.Join(parts, ", "), tally[s.name]["not met"], tally[s.name]["states"])
		states += tally[s.name]["states"]
	}
	t.Logf("%d faults injected, %d states after a power cut\n%s", total, states, b.String())
	if len(tally) == len(faultScenarios) { // all of them, completely
		assert.GreaterOrEqual(t, total, 5000)
	}
}

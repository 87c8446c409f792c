//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/faultinject"
)

// A command is ended or made to fail at each of its file system calls in turn, and
// afterwards every file must be old or new and no plain text anywhere, and the same
// command must do its work when it is run again.
//
// There are more than five thousand such points, which take minutes. Here some
// hundred of them are tried, the same ones each time; all with
// SEALCFG_FAULTS=whole (.ci/run does that).

// faultScenario is a command and the project that it changes.
type faultScenario struct {
	name    string
	args    []string
	stdin   string
	prepare func(*testing.T, *faultBed)
	plain   []string // files that hold plain text, before or for good
	// done is what the command says, and fails, if its work has been done already.
	done string
	most int  // points to try of all; 0 means all
	slow bool // only tried when all are
}

const password = "password: " + canaryBefore + "\n"

// sealedFiles makes n sealed files, for one person.
func sealedFiles(n int) func(*testing.T, *faultBed) {
	return func(t *testing.T, b *faultBed) {
		t.Helper()
		b.run(t, "key", "new", "-q")
		b.write(t, "project/.sops.yaml", "creation_rules:\n  - age: "+b.recipient(t)+"\n")
		for i := range n {
			name := fmt.Sprintf("environments/e%d.yaml", i)
			if i == 0 {
				name = "environments/prod.yaml"
			}
			b.write(t, "project/"+name, fmt.Sprintf("# settings\nname: %d\n%s", i, password))
			b.run(t, "encrypt", "-q", name)
		}
	}
}

// sealedFile makes one sealed file, for one person.
func sealedFile(name, text string) func(*testing.T, *faultBed) {
	return func(t *testing.T, b *faultBed) {
		t.Helper()
		sealedFiles(0)(t, b)
		b.write(t, "project/environments/"+name, text)
		b.run(t, "encrypt", "-q", "environments/"+name)
	}
}

func (b *faultBed) recipient(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(b.run(t, "key", "show"))
}

// For tests, and worth nothing.
const otherRecipient = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"

// thenPolicy makes files sealed for some people, and then names others.
func thenPolicy(n int, sealedFor, now string) func(*testing.T, *faultBed) {
	return func(t *testing.T, b *faultBed) {
		t.Helper()
		b.run(t, "key", "new", "-q")
		me := b.recipient(t)
		policy := func(others string) {
			b.write(t, "project/.sops.yaml", "creation_rules:\n  - age: "+me+others+"\n")
		}
		policy(sealedFor)
		for i := range n {
			name := fmt.Sprintf("environments/e%d.yaml", i)
			b.write(t, "project/"+name, fmt.Sprintf("name: %d\n%s", i, password))
			b.run(t, "encrypt", "-q", name)
		}
		policy(now)
	}
}

var faultScenarios = []faultScenario{
	{name: "set", args: []string{"set", "prod", "password", "-"}, stdin: canaryAfter, prepare: sealedFiles(1)},
	{name: "set json", args: []string{"set", "environments/a.json", "password", "-"}, stdin: canaryAfter, prepare: sealedFile("a.json", `{"password": "`+canaryBefore+`"}`)},
	{name: "set dotenv", args: []string{"set", "environments/a.env", "password", "-"}, stdin: canaryAfter, prepare: sealedFile("a.env", "password="+canaryBefore+"\n")},
	{name: "set ini", args: []string{"set", "environments/a.ini", "db.password", "-"}, stdin: canaryAfter, prepare: sealedFile("a.ini", "[db]\npassword = "+canaryBefore+"\n")},
	{name: "set toml", args: []string{"set", "environments/a.toml", "password", "-"}, stdin: canaryAfter, prepare: sealedFile("a.toml", `password = "`+canaryBefore+`"`)},
	{name: "unset json", args: []string{"unset", "environments/a.json", "password"}, prepare: sealedFile("a.json", `{"a": 1, "password": "`+canaryBefore+`"}`), done: "no such field"},
	{name: "unset", args: []string{"unset", "prod", "password"}, prepare: sealedFiles(1), done: "no such field"},
	{name: "edit", args: []string{"edit", "prod"}, prepare: sealedFiles(1)},
	{name: "edit, new", args: []string{"edit", "fresh"}, prepare: func(t *testing.T, b *faultBed) {
		sealedFiles(1)(t, b)
		require.NoError(t, os.Remove(b.path("project/environments/prod.yaml")))
		require.NoError(t, os.Remove(b.path("project/environments")))
	}},
	{name: "encrypt", args: []string{"encrypt", "environments/a.yaml"}, prepare: func(t *testing.T, b *faultBed) {
		sealedFiles(0)(t, b)
		b.write(t, "project/environments/a.yaml", password)
	}, plain: []string{"project/environments/a.yaml"}, done: "already sealed"},
	{name: "encrypt json", args: []string{"encrypt", "environments/a.json"}, prepare: func(t *testing.T, b *faultBed) {
		sealedFiles(0)(t, b)
		b.write(t, "project/environments/a.json", `{"password": "`+canaryBefore+`"}`)
	}, plain: []string{"project/environments/a.json"}, done: "already sealed"},
	{name: "encrypt -o", args: []string{"encrypt", "../tmp/plain.yaml", "-o", "environments/a.yaml"}, prepare: func(t *testing.T, b *faultBed) {
		sealedFiles(1)(t, b)
		b.write(t, "tmp/plain.yaml", password)
	}, plain: []string{"tmp/plain.yaml"}, done: "the path is taken"},
	{name: "decrypt -o", args: []string{"decrypt", "prod", "-o", "../tmp/plain.yaml"}, prepare: sealedFiles(1), plain: []string{"tmp/plain.yaml"}},
	{name: "init", args: []string{"init", "--name", "alice"}, prepare: func(*testing.T, *faultBed) {}},
	{name: "key new", args: []string{"key", "new"}, prepare: func(*testing.T, *faultBed) {}, done: "an identity is never overwritten"},
	{name: "key new --add", args: []string{"key", "new", "--add"}, prepare: sealedFiles(0)},
	{name: "rekey, 1 file", args: []string{"rekey", "--yes"}, prepare: sealedFiles(1)},
	{name: "rekey, 10 files", args: []string{"rekey", "--yes"}, prepare: sealedFiles(10), most: 250},
	{name: "rekey, 20 files, one person more", args: []string{"rekey", "--yes"}, prepare: thenPolicy(20, "", ","+otherRecipient), most: 250, slow: true},
	{name: "rekey, 20 files, one person less", args: []string{"rekey", "--yes"}, prepare: thenPolicy(20, ","+otherRecipient, ""), most: 250, slow: true},
	{name: "rekey --keep-data-key", args: []string{"rekey", "--yes", "--keep-data-key"}, prepare: thenPolicy(3, "", ","+otherRecipient)},
	{name: "rekey, 100 files", args: []string{"rekey", "--yes"}, prepare: sealedFiles(100), most: 25, slow: true},
	{name: "sops set", args: []string{"sops", "set", "environments/prod.yaml", `["password"]`, `"` + canaryAfter + `"`}, prepare: sealedFiles(1)},
	{name: "sops unset", args: []string{"sops", "unset", "environments/prod.yaml", `["password"]`}, prepare: sealedFiles(1), done: "no such field"},
	{name: "sops encrypt -i", args: []string{"sops", "encrypt", "-i", "environments/a.yaml"}, prepare: func(t *testing.T, b *faultBed) {
		sealedFiles(0)(t, b)
		b.write(t, "project/environments/a.yaml", password)
	}, plain: []string{"project/environments/a.yaml"}, done: "already sealed"},
	{name: "sops edit", args: []string{"sops", "edit", "environments/prod.yaml"}, prepare: sealedFiles(1), done: "has not changed"},
	{name: "sops rotate", args: []string{"sops", "rotate", "-i", "environments/prod.yaml"}, prepare: sealedFiles(1)},
	{name: "sops updatekeys", args: []string{"sops", "updatekeys", "-y", "environments/e0.yaml"}, prepare: thenPolicy(1, "", ","+otherRecipient)},
}

var faultKinds = []faultinject.Fault{
	{Moment: faultinject.KillBefore}, {Moment: faultinject.KillAfter},
	{Moment: faultinject.Short, Errno: syscall.ENOSPC},
	{Errno: syscall.ENOSPC, Lasts: true}, {Errno: syscall.EROFS, Lasts: true},
	{Errno: syscall.EIO}, {Errno: syscall.EACCES}, {Errno: syscall.EDQUOT},
}

func TestFaults(t *testing.T) {
	t.Parallel()
	bin, err := sealcfgProgram()
	require.NoError(t, err)
	whole := os.Getenv("SEALCFG_FAULTS") == "whole"
	tally := map[string]map[string]int{}
	for _, s := range faultScenarios {
		if s.slow && !whole {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			tally[s.name] = s.try(t, bin, whole)
		})
	}
	logTally(t, tally)
}

// try injects the faults of a scenario, and returns how many of each kind.
func (s faultScenario) try(t *testing.T, bin string, whole bool) map[string]int {
	first := newFaultBed(t, bin)
	j := &judge{plain: s.plain, says: map[string]string{}}
	s.prepare(t, first)
	j.before = first.tree(t)
	clean, err := faultinject.Run(first.command(s.args, s.stdin), nil)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("faults are injected on linux/amd64 only")
	}
	require.NoError(t, err)
	require.Zero(t, clean.ExitCode, clean.Stderr)
	j.after = first.tree(t)
	_, err = j.look(j.after)
	require.NoError(t, err)

	points := s.points(clean.Calls, whole)
	var mu sync.Mutex
	counts := map[string]int{}
	var workers sync.WaitGroup
	for w := range 2 {
		b := first
		if w > 0 {
			b = newFaultBed(t, bin)
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

// points are the faults to inject: each kind at each call that it can happen to, or
// every so many of those.
func (s faultScenario) points(calls []*faultinject.Call, whole bool) []faultinject.Fault {
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
		some[i] = all[i*len(all)/most]
	}
	return some
}

// point has one fault happen, and looks at what is left. It reports whether the run
// came as far as the fault.
func (s faultScenario) point(t *testing.T, b *faultBed, j *judge, f faultinject.Fault) bool {
	t.Helper()
	b.reset(t, j.before)
	r, err := faultinject.Run(b.command(s.args, s.stdin), &f)
	require.NoError(t, err)
	where := fmt.Sprintf("%s, %s %d", s.name, f, f.N)
	if r.Hit != nil {
		where += fmt.Sprintf(" (%s)", strings.ReplaceAll(r.Hit.String(), b.dir+"/", ""))
	}
	v, err := j.look(b.tree(t))
	if !assert.NoError(t, err, where) {
		t.Log(r.Stderr)
		return true
	}
	if err := s.wellEnded(r, f, v); err != nil {
		t.Errorf("%s: %v; exit code %d: %s", where, err, r.ExitCode, r.Stderr)
	}
	_, again, err := b.runs(s.stdin, s.args...)
	if err != nil && (v.old > 0 || s.done == "" || !strings.Contains(again, s.done)) {
		t.Errorf("%s: the second run: %v: %s", where, err, again)
	}
	v, err = j.look(b.tree(t))
	if assert.NoError(t, err, "%s: after the second run", where) {
		assert.Zero(t, v.old, "%s: after the second run: %s", where, again)
		assert.Empty(t, v.temps, "%s: after the second run", where)
	}
	assert.Empty(t, scratchOf(r.PID), "%s: plain text after the second run", where)
	return r.Hit != nil
}

// scratchOf lists the files that a process has left where editors work.
func scratchOf(pid int) []string {
	left, _ := filepath.Glob(fmt.Sprintf("/dev/shm/sealcfg-%d-*/*", pid))
	return left
}

// wellEnded says what is wrong with how the command has ended.
func (s faultScenario) wellEnded(r *faultinject.Result, f faultinject.Fault, v verdict) error {
	for _, text := range []string{r.Stdout, r.Stderr} {
		if err := noCanary("output", text); err != nil {
			return err
		}
	}
	if r.Killed {
		return nil
	}
	left := scratchOf(r.PID)
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
	case s.args[0] != "sops" && !slices.Contains([]int{exitError, exitNoKey}, r.ExitCode):
		return fmt.Errorf("exit code")
	case !strings.Contains(r.Stderr, f.Errno.Error()):
		return fmt.Errorf("what failed is not said")
	case !slices.ContainsFunc(r.Calls, func(c *faultinject.Call) bool { return c.Err == f.Errno && saysPath(r.Stderr, c.Path) }):
		return fmt.Errorf("the path is not said")
	case v.old == 0 && !strings.Contains(r.Stderr, "is in place") && !strings.Contains(r.Stderr, "could not be taken away"):
		return fmt.Errorf("an error, and yet all is done, and that is not said")
	case len(v.temps) > 0 && !f.Lasts && !strings.HasPrefix(r.Hit.Name, "unlink"):
		return fmt.Errorf("temporary files are left: %v", v.temps)
	case len(left) > 0 && !strings.Contains(r.Stderr, filepath.Dir(left[0])):
		return fmt.Errorf("plain text is in %v, and that is not said", left)
	}
	return nil
}

// saysPath reports whether a text names a file; instead of a temporary one, that which it
// was to become, and instead of a folder, one in it.
func saysPath(text, path string) bool {
	base := filepath.Base(path)
	if name, _, ok := strings.Cut(base, ".sealcfg-"); ok {
		base = strings.TrimPrefix(name, ".")
	}
	return strings.Contains(text, base)
}

func logTally(t *testing.T, tally map[string]map[string]int) {
	var b strings.Builder
	total := 0
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
		fmt.Fprintf(&b, "%5d  %s: %s; not met %d\n", sum, s.name, strings.Join(parts, ", "), tally[s.name]["not met"])
	}
	t.Logf("%d faults injected\n%s", total, b.String())
	assert.Greater(t, total, 200)
}

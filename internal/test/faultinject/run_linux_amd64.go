package faultinject

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Constants that package syscall lacks.
const (
	optExitKill = 0x100000 // the traced process ends with its tracer
	stopSyscall = syscall.SIGTRAP | 0x80
)

type tracer struct {
	pid     int
	roots   []string
	mounted []string
	own     string
	mem     *os.File
	fault   *Fault

	filtered bool // it stops at calls on files only
	seen     int  // calls so far that the fault can happen to
	res      *Result

	threads map[int]*thread
}

// thread is the state of a thread between the beginning and the end of a call.
type thread struct {
	within bool
	call   *Call
	answer syscall.Errno // the result that the call returns instead
	undone uint64        // the original argument 2, if it was changed
	kill   bool
}

// Run runs the command to its end, with a fault or, if that is nil, without. It
// fails if the program cannot be run; that the program fails is part of the result.
func Run(c Command, f *Fault) (*Result, error) {
	runtime.LockOSThread() // only the thread that started a process may trace it
	defer runtime.UnlockOSThread()
	t := &tracer{roots: c.Roots, mounted: c.Mounted, fault: f, filtered: !c.Starts, res: &Result{ExitCode: -1}, threads: map[int]*thread{}}
	streams, files, err := openStreams(c.Stdin)
	if err != nil {
		return nil, err
	}
	t.pid, err = syscall.ForkExec(c.Path, append([]string{filepath.Base(c.Path)}, c.Args...), &syscall.ProcAttr{
		Dir: c.Dir, Env: c.Env, Files: []uintptr{files[0].Fd(), files[1].Fd(), files[2].Fd()},
		Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true},
	})
	for _, f := range files {
		_ = f.Close()
	}
	if err == nil {
		t.res.PID = t.pid
		if c.Own != "" {
			t.own = c.Own + strconv.Itoa(t.pid) + "-"
		}
		if err = t.follow(); err != nil {
			_ = syscall.Kill(t.pid, syscall.SIGKILL)
		}
	}
	t.res.Stdout, t.res.Stderr = streams()
	if t.mem != nil {
		_ = t.mem.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", c.Path, err)
	}
	return t.res, nil
}

// openStreams opens stdin, stdout and stderr. It also returns a function that waits
// for the output.
func openStreams(stdin string) (output func() (stdout, stderr string), files [3]*os.File, err error) {
	var ends [3]*os.File
	for i := range files {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, files, err
		}
		files[i], ends[i] = w, r
	}
	files[0], ends[0] = ends[0], files[0]
	var texts [3][]byte
	var done sync.WaitGroup
	done.Go(func() {
		_, _ = io.WriteString(ends[0], stdin) // the program need not read it
		_ = ends[0].Close()
	})
	for i := 1; i < 3; i++ {
		done.Go(func() {
			texts[i], _ = io.ReadAll(ends[i])
			_ = ends[i].Close()
		})
	}
	return func() (string, string) {
		done.Wait()
		return string(texts[1]), string(texts[2])
	}, files, nil
}

// follow takes the process from its first stop to its end.
func (t *tracer) follow() error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(t.pid, &status, 0, nil); err != nil {
		return err
	}
	if !status.Stopped() {
		return errors.New("it ended before it began")
	}
	if err := syscall.PtraceSetOptions(t.pid, syscall.PTRACE_O_TRACECLONE|syscall.PTRACE_O_TRACESYSGOOD|optExitKill|optTraceSeccomp); err != nil {
		return err
	}
	if t.filtered {
		if err := t.install(); err != nil {
			return err
		}
	}
	t.threads[t.pid] = new(thread)
	if err := t.resume(t.pid, false, 0); err != nil {
		return err
	}
	for {
		// Of its process group, not any: other children are waited for by others.
		tid, err := syscall.Wait4(-t.pid, &status, syscall.WALL, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.ECHILD):
			return nil
		case err != nil:
			return err
		case status.Exited(), status.Signaled():
			delete(t.threads, tid)
			if tid == t.pid {
				if t.res.Killed = status.Signaled(); !t.res.Killed {
					t.res.ExitCode = status.ExitStatus()
				}
			}
		default:
			if err := t.stopped(tid, status); err != nil && !errors.Is(err, syscall.ESRCH) { // it was killed in the meantime
				return err
			}
		}
	}
}

// stopped deals with one stop of a thread and lets it go on.
func (t *tracer) stopped(tid int, status syscall.WaitStatus) error {
	th := t.threads[tid]
	pass := 0
	switch signal := status.StopSignal(); {
	case th == nil: // a new thread begins with a stop
		th = new(thread)
		t.threads[tid] = th
	case signal == stopSyscall || status.TrapCause() == eventSeccomp:
		step := t.enters
		if th.within {
			step = t.leaves
		}
		th.within = !th.within
		if err := step(tid, th); err != nil {
			return err
		}
	case signal == syscall.SIGTRAP: // it has made a thread
	case signal == syscall.SIGSTOP: // it was new, and known already
	default:
		pass = int(signal)
	}
	return t.resume(tid, th.within && th.call != nil, pass)
}

// resume lets a thread go on to its next stop, which is the end of the call that it
// is in if that matters.
func (t *tracer) resume(tid int, toEnd bool, signal int) error {
	if t.filtered && !toEnd {
		if th := t.threads[tid]; th != nil {
			th.within = false
		}
		return syscall.PtraceCont(tid, signal)
	}
	return syscall.PtraceSyscall(tid, signal)
}

func (t *tracer) enters(tid int, th *thread) error {
	*th = thread{within: true}
	var r syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &r); err != nil {
		return err
	}
	if th.call = t.decode(tid, &r); th.call == nil {
		return nil
	}
	t.res.Calls = append(t.res.Calls, th.call)
	if !t.strikes(th.call) {
		if strings.HasPrefix(th.call.Name, "rename") && slices.Contains(t.mounted, th.call.To) {
			th.answer = syscall.EBUSY
			r.Orig_rax = ^uint64(0)
			return syscall.PtraceSetRegs(tid, &r)
		}
		return nil
	}
	if t.res.Hit == nil {
		t.res.Hit = th.call
	}
	switch t.fault.Moment {
	case KillBefore:
		return syscall.Kill(t.pid, syscall.SIGKILL)
	case KillAfter:
		th.kill = true
		return nil
	case Short:
		if t.seen == t.fault.N {
			th.undone = r.Rdx
			r.Rdx = uint64(len(th.call.Data) / 2)
			th.call.Data = th.call.Data[:r.Rdx]
			return syscall.PtraceSetRegs(tid, &r)
		}
	}
	th.answer = t.fault.Errno
	if th.call.Name == "close" {
		return nil // the descriptor is closed, also after an error
	}
	r.Orig_rax = ^uint64(0) // no call at all
	return syscall.PtraceSetRegs(tid, &r)
}

// strikes counts the call and reports whether the fault hits it.
func (t *tracer) strikes(c *Call) bool {
	if t.fault == nil || !t.fault.CanHit(c) {
		return false
	}
	t.seen++
	switch {
	case t.seen == t.fault.N:
		return true
	case t.fault.Moment == Short:
		return t.res.Hit != nil && t.res.Hit.Path == c.Path // the rest of it, which a program writes next
	}
	return t.fault.Lasts && t.seen > t.fault.N
}

func (t *tracer) leaves(tid int, th *thread) error {
	if th.call == nil {
		return nil
	}
	var r syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &r); err != nil {
		return err
	}
	if th.kill {
		return syscall.Kill(t.pid, syscall.SIGKILL)
	}
	if th.answer != 0 || th.undone != 0 {
		if th.answer != 0 {
			r.Rax = -uint64(th.answer)
		}
		if th.undone != 0 {
			r.Rdx = th.undone
		}
		if err := syscall.PtraceSetRegs(tid, &r); err != nil {
			return err
		}
	}
	if n := int64(r.Rax); n < 0 && n > -4096 {
		th.call.Err = syscall.Errno(-n)
	}
	return nil
}

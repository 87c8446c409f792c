package scratch

import (
	"context"
	"os"
	"os/signal"
	"sync"
)

// A SignalError is the cause of a context that a signal has ended.
type SignalError struct{ sig os.Signal }

// Error names the signal.
func (e *SignalError) Error() string { return "ended by signal: " + e.sig.String() }

// Signal returns the signal that came.
func (e *SignalError) Signal() os.Signal { return e.sig }

// CloseOn removes the directory as soon as one of the signals arrives, and then
// ends the context it returns, with a [*SignalError] as its [context.Cause]: the
// caller winds up and exits. The process does not end by itself, but a second
// signal has its usual effect again: a caller that hangs can be stopped, and nothing is left
// behind. No signals means none, not all. Until stop, writing to a standard output
// that nobody reads any more is an error and does not end the process.
//
// Signals that the process was started to ignore (nohup) stay ignored. stop
// ends the watch and the context; when it returns, no signal removes the
// directory any more. It must be called, and may be called twice.
func (d *Dir) CloseOn(ctx context.Context, signals ...os.Signal) (watched context.Context, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	var watch []os.Signal
	for _, sig := range signals {
		if !signal.Ignored(sig) {
			watch = append(watch, sig)
		}
	}
	arrived := make(chan os.Signal, len(watch)+1)
	if len(watch) > 0 { // Notify without signals means all of them
		signal.Notify(arrived, watch...)
	}
	// Never read: that it is there makes a write to a pipe that nobody reads an
	// error, which leads to the caller's Close, instead of sudden death. Not Ignore:
	// the programs we start would inherit that.
	broken := make(chan os.Signal, 1)
	if len(watch) > 0 && len(brokenPipe) > 0 {
		signal.Notify(broken, brokenPipe...)
	}
	stopped := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-stopped:
				return
			case sig := <-arrived:
				if d.isHeld(sig) {
					continue
				}
				// Nothing better can be done with an error here: the caller's own
				// Close, which this one does not replace, reports it.
				_ = d.Close()
				signal.Stop(arrived)
				cancel(&SignalError{sig})
				return
			}
		}
	})
	var once sync.Once
	return watched, func() {
		once.Do(func() {
			signal.Stop(arrived)
			signal.Stop(broken)
			close(stopped)
			done.Wait()
			cancel(context.Canceled)
		})
	}
}

// Hold makes every [Dir.CloseOn] disregard the signals until release: while an
// editor runs in the foreground, Ctrl-C is meant for it. A signal
// that arrives meanwhile is lost to CloseOn; whoever holds it has to deal with it.
// Holds add up. release may be called twice.
func (d *Dir) Hold(signals ...os.Signal) (release func()) {
	d.count(signals, 1)
	var once sync.Once
	return func() { once.Do(func() { d.count(signals, -1) }) }
}

func (d *Dir) count(signals []os.Signal, by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held == nil {
		d.held = map[os.Signal]int{}
	}
	for _, sig := range signals {
		d.held[sig] += by
	}
}

func (d *Dir) isHeld(sig os.Signal) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held[sig] > 0
}

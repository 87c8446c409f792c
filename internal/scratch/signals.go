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

// CloseOn removes the directory as soon as one of the signals arrives. It then ends
// the context it returns, with a [*SignalError] as its [context.Cause], so that the
// caller can exit. CloseOn does not end the process, but a second signal has its
// usual effect again: it ends a caller that hangs, after the directory has been
// removed. Without signals, CloseOn watches no signal. Until stop, a write to a
// standard output without a reader is an error and does not end the process.
//
// Signals that the process was started to ignore (nohup) stay ignored. stop ends
// the watch and the context; after it returns, no signal removes the directory. It
// must be called, and may be called twice.
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
	// The channel is never read. It makes a write to a pipe without a reader an
	// error, which leads to the caller's Close, instead of sudden death.
	// signal.Ignore would not do, because programs that we start would inherit it.
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
				// An error cannot be handled here. The caller still calls Close, which
				// reports it.
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
// editor runs in the foreground, Ctrl-C is meant for it. CloseOn never sees a
// signal that arrives in this time; the caller of Hold has to handle it. Holds add
// up. release may be called twice.
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

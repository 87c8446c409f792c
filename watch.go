package sealcfg

import (
	"context"
	"errors"
	"os"
	"time"
)

const (
	defaultPoll = 2 * time.Second
	maxWait     = 32 // polls until a reload that has failed is tried again
)

// A WatchOption changes when [Handle.Watch] reloads.
type WatchOption func(*watcher)

// PollInterval says how often to look whether a file has changed, in place of two
// seconds. Once a change is seen, the next look must find nothing changed again
// before the settings are reloaded.
func PollInterval(d time.Duration) WatchOption { return func(w *watcher) { w.interval = d } }

// Every reloads at regular intervals too: for what is not in a file, such as the
// secrets of a manager.
func Every(d time.Duration) WatchOption { return func(w *watcher) { w.every, w.regular = d, true } }

// OnSignal reloads when the process gets one of the signals too, without waiting
// for files to settle: syscall.SIGHUP is the usual one. While Watch runs, the
// signals do not end the program.
func OnSignal(sig ...os.Signal) WatchOption {
	return func(w *watcher) { w.signals = append(w.signals, sig...) }
}

// Watch reloads the settings when a file changes that they come from, until ctx
// ends, and returns what ctx.Err does. It begins with a reload, so that nothing is
// missed that has changed since Load.
//
// It looks at the files of the environment, those that may yet appear included; at
// .env files and secrets directories, through links, so that the way in which
// Kubernetes swaps a mounted secret is seen; and at what a [WatchedSource] names.
// It does not look at keys, .sops.yaml or the process environment.
//
// fn is called after a reload, from the goroutine of Watch: with the paths that
// have changed, as [Handle.Reload] returns them, or with the error that kept the
// old settings in place, never with both. It is not called if nothing has
// changed, nor with the same error twice in a row; but after an error the first
// reload that succeeds is told, with no paths if nothing has changed. What has failed is tried again
// when a file changes, and from time to time, for it may have been a service that
// did not answer. fn may be nil.
//
// Watch starts no goroutine. It does not tell of a Reload that others ask for.
func (h *Handle[T]) Watch(ctx context.Context, fn func(changed []string, err error), opts ...WatchOption) error {
	w := &watcher{
		interval: defaultPoll, fn: fn, reload: h.Reload,
		look: func() marks { return h.loader().look(h.Env()) },
	}
	for _, opt := range opts {
		if opt != nil {
			opt(w)
		}
	}
	if w.interval <= 0 || w.regular && w.every <= 0 {
		return errors.New("watch settings: an interval must be positive")
	}
	return w.run(ctx)
}

// A watcher is Watch without its type.
type watcher struct {
	interval, every time.Duration
	regular         bool
	signals         []os.Signal

	look   func() marks
	reload func(context.Context) ([]string, error)
	fn     func([]string, error)

	seen     marks
	settling bool
	told     string // the error that was told last, "" after a success
	fails    int    // in a row
	wait     int    // polls until it is tried again
}

func (w *watcher) run(ctx context.Context) error {
	poll := time.NewTicker(w.interval)
	defer poll.Stop()
	var regular <-chan time.Time
	if w.regular {
		t := time.NewTicker(w.every)
		defer t.Stop()
		regular = t.C
	}
	signals, stop := notified(w.signals)
	defer stop()

	w.seen = w.look()
	w.again(ctx)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
			w.poll(ctx)
		case <-regular:
			w.again(ctx)
		case <-signals:
			w.again(ctx)
		}
	}
}

func (w *watcher) poll(ctx context.Context) {
	now := w.look()
	changed := !now.same(w.seen)
	w.seen = now
	switch {
	case changed:
		w.settling = true
	case w.settling:
		w.settling = false
		w.again(ctx)
	case w.fails > 0:
		if w.wait--; w.wait <= 0 {
			w.again(ctx)
		}
	}
}

// again reloads, and tells what has come of it.
func (w *watcher) again(ctx context.Context) {
	changed, err := w.reload(ctx)
	if ctx.Err() != nil && err != nil {
		return // the end is no failure
	}
	if err == nil {
		recovered := w.told != ""
		w.fails, w.told = 0, ""
		if len(changed) > 0 || recovered {
			w.tell(changed, nil)
		}
		return
	}
	w.fails++
	w.wait = min(1<<min(w.fails, 8), maxWait)
	if text := err.Error(); text != w.told {
		w.told = text
		w.tell(nil, err)
	}
}

func (w *watcher) tell(changed []string, err error) {
	if w.fn != nil {
		w.fn(changed, err)
	}
}

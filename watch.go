package sealcfg

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Handle holds the most recently loaded settings. It is safe for concurrent use.
type Handle[T any] struct {
	loader func() *loader // as in [Loader]
	now    atomic.Pointer[snapshot]
	reload sync.Mutex // serializes reloads; Get does not wait
}

// Get returns the settings. A reload never changes them; it replaces them as a whole. A
// caller that needs several settings from one load must call Get once. The caller must not
// change the settings, because all callers share them.
func (h *Handle[T]) Get() *T { return h.now.Load().value.Interface().(*T) }

// Env returns the name of the environment that was loaded, or "" with [WithoutFiles].
func (h *Handle[T]) Env() string { return h.now.Load().env }

// Origins returns the origin of each setting.
func (h *Handle[T]) Origins() *Origins { return h.now.Load().origins }

// Warnings returns the warnings of the last successful load: deprecated names
// ([KindDeprecated]), variables without a setting ([KindUnknown]), lines of a file that
// look like a mistake ([KindFormat]), broken key sources ([KindKeySource]) and warnings
// about the project ([KindProject]). The caller must not change them.
func (h *Handle[T]) Warnings() []*Problem { return h.now.Load().warnings }

// Reload reads all sources again, for the same environment. If this succeeds, it replaces
// the settings and returns the paths of those that changed, in the order of the struct and
// in the form of paths in [Problem]. Otherwise the old settings stay, and Reload returns
// the same errors as the function [Load].
func (h *Handle[T]) Reload(ctx context.Context) (changed []string, err error) {
	h.reload.Lock()
	defer h.reload.Unlock()
	old := h.now.Load()
	s, err := h.loader().load(ctx, old.env)
	if err != nil {
		return nil, err
	}
	d := bind.Differ{}
	d.Diff(h.loader().plan, old.value.Elem(), s.value.Elem(), &tree.FieldPath{})
	h.now.Store(s)
	return d.Changed, nil
}

const (
	defaultPoll = 2 * time.Second
	maxWait     = 32 // maximum number of polls before a failed reload is repeated
)

// A WatchOption changes when [Handle.Watch] reloads.
type WatchOption func(*watcher)

// PollInterval sets how often Watch checks whether a file has changed. The default is two
// seconds. After a change, Watch reloads when the next check finds no further change.
func PollInterval(d time.Duration) WatchOption { return func(w *watcher) { w.interval = d } }

// Every also makes Watch reload at regular intervals, for settings that are not in files,
// such as secrets of a secret manager.
func Every(d time.Duration) WatchOption { return func(w *watcher) { w.every, w.regular = d, true } }

// OnSignal also makes Watch reload when the process receives one of the signals, without
// waiting for files to settle. The usual signal is syscall.SIGHUP. While Watch runs, the
// signals do not end the program.
func OnSignal(sig ...os.Signal) WatchOption {
	return func(w *watcher) { w.signals = append(w.signals, sig...) }
}

// Watch reloads the settings when one of their files changes. It starts with a reload, so
// that it misses no change since Load. It returns ctx.Err() when ctx ends, and an error at
// once if an interval is not positive.
//
// Watch checks the files of the environment, including those that do not exist yet, .env
// files, secrets directories, and the paths of each [WatchedSource]. It follows links, so
// it detects when Kubernetes replaces a mounted secret. It does not check keys, .sops.yaml
// or the process environment.
//
// After a reload, Watch calls fn in the goroutine that called Watch: with the paths that
// changed, as [Handle.Reload] returns them, or with the error because of which the old
// settings stay, never with both. It does not call fn if no setting changed, or if the same
// error occurs twice in a row. After an error, it calls fn for the first reload that
// succeeds, with no paths if no setting changed. fn may be nil.
//
// Watch repeats a failed reload when a file changes, and from time to time, because a
// server may have been unavailable.
//
// Watch starts no goroutine. It does not call fn for other calls of Reload.
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

// A watcher is the state of [Handle.Watch] without the type parameter.
type watcher struct {
	interval, every time.Duration
	regular         bool
	signals         []os.Signal

	look   func() marks
	reload func(context.Context) ([]string, error)
	fn     func([]string, error)

	seen     marks
	settling bool   // whether the last poll found a change
	told     string // the last error that fn received; "" after a success
	fails    int    // failed reloads in a row
	wait     int    // polls until the next try
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

// again reloads and passes the result to fn.
func (w *watcher) again(ctx context.Context) {
	changed, err := w.reload(ctx)
	if ctx.Err() != nil && err != nil {
		return // the reload failed because ctx ended
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

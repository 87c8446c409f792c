package sealcfg

import (
	"context"
	"sync"
	"sync/atomic"

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

package sealcfg

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Handle holds the settings that were loaded last. All of its methods may be
// called from several goroutines at once.
type Handle[T any] struct {
	loader func() *loader // as in [Loader]
	now    atomic.Pointer[snapshot]
	reload sync.Mutex // one at a time; readers do not wait
}

// Get returns the settings. They do not change: a reload puts others in their
// place, so a caller that reads several of them calls Get once. The caller must
// not change them either, for they are shared.
func (h *Handle[T]) Get() *T { return h.now.Load().value.Interface().(*T) }

// Env returns the name of the environment that was loaded, "" with [WithoutFiles].
func (h *Handle[T]) Env() string { return h.now.Load().env }

// Origins tells where each of the settings came from.
func (h *Handle[T]) Origins() *Origins { return h.now.Load().origins }

// Warnings returns what is not wrong, but will be or looks like a mistake: old
// names ([KindDeprecated]), variables that no setting has ([KindUnknown]), and key
// sources that are broken ([KindKeySource]). The caller must not change them.
func (h *Handle[T]) Warnings() []*Problem { return h.now.Load().warnings }

// Reload reads all sources again, for the same environment, and puts the new
// settings in the place of the old ones if there is nothing wrong with them. It
// returns the paths of the settings that have changed, in the order of the
// struct, spelled as in [Problem]. After an error, which is one of those of the
// function [Load], the old settings stay.
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

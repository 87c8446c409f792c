package sealcfg

import (
	"context"
)

// settingsKey is one key for each type of settings.
type settingsKey[T any] struct{}

// NewContext returns a context that carries settings, for [FromContext] with the
// same T. Settings of several types stand side by side. See package sealcfghttp for
// a handler that puts them into the context of each request.
func NewContext[T any](ctx context.Context, settings *T) context.Context {
	return context.WithValue(ctx, settingsKey[T]{}, settings)
}

// FromContext returns the settings that [NewContext] put into ctx, and false if
// there are none of type T.
func FromContext[T any](ctx context.Context) (*T, bool) {
	settings, ok := ctx.Value(settingsKey[T]{}).(*T)
	return settings, ok
}

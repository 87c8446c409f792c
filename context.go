package sealcfg

import (
	"context"
)

// settingsKey is the context key for settings of type T.
type settingsKey[T any] struct{}

// NewContext returns a context that carries settings. [FromContext] with the same T returns
// them. A context can carry settings of several types. Package sealcfghttp has a handler
// that puts settings into the context of each request.
func NewContext[T any](ctx context.Context, settings *T) context.Context {
	return context.WithValue(ctx, settingsKey[T]{}, settings)
}

// FromContext returns the settings that [NewContext] put into ctx, and false if
// there are none of type T.
func FromContext[T any](ctx context.Context) (*T, bool) {
	settings, ok := ctx.Value(settingsKey[T]{}).(*T)
	return settings, ok
}

// Package sealcfghttp passes settings to HTTP handlers. It is a separate package so
// that programs without a server do not link net/http.
package sealcfghttp

import (
	"net/http"

	"github.com/sealcfg/sealcfg"
)

// WithSettings returns middleware that puts the settings into the context of each
// request, where [sealcfg.FromContext] finds them. A request uses one snapshot from
// its beginning to its end, even if the settings are reloaded in the meantime.
func WithSettings[T any](h *sealcfg.Handle[T]) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(sealcfg.NewContext(r.Context(), h.Get())))
		})
	}
}

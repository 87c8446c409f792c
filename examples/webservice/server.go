package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/examples/webservice/config"
	"github.com/sealcfg/sealcfg/sealcfghttp"
)

// newHandler returns the handler. Each request uses one snapshot of the settings, even if a reload
// happens in the meantime.
func newHandler(handle *sealcfg.Handle[config.Settings], log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", withKey(log, http.HandlerFunc(greet)))
	mux.HandleFunc("GET /settings", func(w http.ResponseWriter, r *http.Request) {
		if settings, ok := sealcfg.FromContext[config.Settings](r.Context()); !ok || !settings.Debug {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_ = handle.Explain(w) // the client has gone
	})
	return sealcfghttp.WithSettings(handle)(mux)
}

// withKey rejects requests without the current API key.
func withKey(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		settings, ok := sealcfg.FromContext[config.Settings](r.Context())
		given, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !bearer || !settings.APIKey.Equal(sealcfg.NewSecret(given)) { // in constant time
			log.Debug("refused", "remote", r.RemoteAddr)
			http.Error(w, "not without the API key", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func greet(w http.ResponseWriter, r *http.Request) {
	if settings, ok := sealcfg.FromContext[config.Settings](r.Context()); ok {
		fmt.Fprintln(w, settings.Greeting)
	}
}

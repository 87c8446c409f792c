package main

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/sealcfg/sealcfg"
)

const host = "127.0.0.1"

// listen uses another port if the configured one is taken.
func listen(port uint16) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
	if err != nil {
		return net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	return l, nil
}

func handler(s *Settings, origins *sealcfg.Origins) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s. These are my settings:\n\n", s.Greeting)
		banner(w, s, origins)
	})
	// The encoder gets the whole struct; the secrets in it stay hidden.
	mux.HandleFunc("GET /settings.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(s) // the client has gone
	})
	mux.HandleFunc("GET /admin", func(w http.ResponseWriter, r *http.Request) {
		want := "Bearer " + s.Admin.Token.Expose() // only this line needs the value
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(want)) != 1 {
			http.Error(w, "not without the token", http.StatusUnauthorized)
			return
		}
		fmt.Fprintln(w, "welcome")
	})
	return mux
}

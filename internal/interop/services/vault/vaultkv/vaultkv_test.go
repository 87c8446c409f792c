package vaultkv_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/services/vault/vaultkv"
)

// home stays the same for the whole run, since it is looked up once.
var home string

func TestMain(m *testing.M) { servicetest.NewHome(m, &home) }

const demoToken = "hvs.demo-token-for-tests"

// environment is the environment of a user with an address and a token, without any
// other settings for Vault.
func environment(t *testing.T, address, token string) {
	t.Helper()
	servicetest.Unset(t, "VAULT_")
	t.Setenv("VAULT_ADDR", address)
	t.Setenv("VAULT_TOKEN", token)
}

type object = map[string]any

// server starts a Vault with an engine of each version.
func server(t *testing.T) *servicetest.Vault {
	t.Helper()
	v := servicetest.NewVault(t)
	environment(t, v.Address, v.Token)
	v.Do("POST", "sys/mounts/old", object{"type": "kv", "options": object{"version": "1"}})
	v.Do("POST", "sys/mounts/teams/shop/new", object{"type": "kv", "options": object{"version": "2"}})
	app := object{"listen": ":8080", "db": object{"host": "db.example", "port": 5432, "api_key": "canary"}}
	v.Do("POST", "old/app", app)
	v.Do("POST", "old/prod/db", object{"password": "canary", "a": object{"b": 1 << 53}})
	// An engine of version 2 needs a moment before it takes anything.
	require.Eventually(t, func() bool { return v.Try("POST", "teams/shop/new/data/app", object{"data": app}) == nil }, 10*time.Second, 50*time.Millisecond)
	v.Do("POST", "teams/shop/new/data/prod/db", object{"data": object{"password": "old canary"}})
	v.Do("POST", "teams/shop/new/data/prod/db", object{"data": object{"password": "canary <&>"}})
	return v
}

func TestVaultReferences(t *testing.T) {
	server(t)
	for ref, want := range map[string]string{
		"ref+vaultkv://old/prod/db#password":                     "canary",
		"ref+vault://old/prod/db#/password":                      "canary",
		"ref+vaultkv:///old/prod/db#/a/b":                        "9007199254740992",
		"ref+vaultkv://teams/shop/new/prod/db#password":          "canary <&>",
		"ref+vault://teams/shop/new/data/prod/db#password":       "canary <&>",
		"ref+vault://teams/shop/new/prod/db?version=1#/password": "old canary",
		"ref+vault://teams/shop/new/prod/db?version=1":           `{"password":"old canary"}`,
	} {
		assert.Equal(t, want, servicetest.Resolved(t, ref), ref)
	}
}

func TestVaultSource(t *testing.T) {
	server(t)
	for _, path := range []string{"old/app", "teams/shop/new/app", "teams/shop/new/data/app"} {
		v, origins := servicetest.Sourced[servicetest.AppSettings](t, vaultkv.Source(path))
		v.Check(t)
		assert.Equal(t, "vaultkv://"+path, origins.Of("db.api_key").String())
	}
	assert.Equal(t, "load settings: vaultkv://old/nobody: secret not found or deleted", servicetest.NotSourced(t, vaultkv.Source("old/nobody")))
}

func TestVaultTokens(t *testing.T) {
	v := server(t)
	const ref = "ref+vaultkv://old/prod/db#password"
	t.Setenv("VAULT_TOKEN", "")
	assert.Regexp(t, `\(HTTP 40[03]\)$`, servicetest.Unresolved(t, ref, nil), "no token")
	path := filepath.Join(home, ".vault-token")
	require.NoError(t, os.WriteFile(path, []byte(v.Token+"\n"), 0o600))
	t.Cleanup(func() { assert.NoError(t, os.Remove(path)) })
	assert.Equal(t, "canary", servicetest.Resolved(t, ref))
	t.Setenv("VAULT_TOKEN", demoToken)
	assert.Equal(t, "ref+vaultkv://old/prod/db#password: permission denied; invalid token (HTTP 403)", servicetest.Unresolved(t, ref, []string{demoToken}))

	given, err := api.NewClient(nil)
	require.NoError(t, err)
	given.SetToken(v.Token)
	m := vaultkv.Manager{Client: given}
	assert.Equal(t, "canary", servicetest.Resolved(t, ref, sealcfg.WithResolver(m)))
	s, _ := servicetest.Sourced[servicetest.AppSettings](t, m.Source("teams/shop/new/app"))
	s.Check(t)

	// This token may read only one secret.
	t.Setenv("VAULT_TOKEN", v.TokenFor(`path "teams/shop/new/data/prod/db" { capabilities = ["read"] }`))
	assert.Equal(t, "canary <&>", servicetest.Resolved(t, "ref+vaultkv://teams/shop/new/prod/db#password"))
	assert.Contains(t, servicetest.Unresolved(t, "ref+vaultkv://teams/shop/new/app", nil), "permission denied (HTTP 403)")
	assert.Contains(t, servicetest.Unresolved(t, ref, nil), "(HTTP 403)")
}

func TestVaultRefusals(t *testing.T) {
	v := server(t)
	v.Do("DELETE", "teams/shop/new/data/app", object{})
	for name, want := range map[string]string{
		"old/nobody":                          "secret not found or deleted",
		"teams/shop/new/nobody":               "secret not found or deleted",
		"teams/shop/new/app":                  "secret not found or deleted",
		"teams/shop/new/prod/db?version=9":    "secret not found or deleted",
		"teams/shop/new/prod/db?version=x":    `parameter "version" is not a number`,
		"old/prod/db?version=1":               `parameter "version": this engine stores only one version`,
		"transit/keys/app":                    "the secrets engine at this path is not a KV engine",
		"nowhere/app":                         "HTTP 403", // as Vault answers, also to root
		"old":                                 "expected MOUNT/PATH",
		"old/../sys/seal":                     "expected MOUNT/PATH",
		"old//app":                            "expected MOUNT/PATH",
		"old/app?address=http://evil.example": `reference parameter "address" is not allowed`,
		"old/app?token_env=HOME":              `reference parameter "token_env" is not allowed`,
		"old/app?namespace=x":                 `reference parameter "namespace" is not allowed`,
	} {
		assert.Contains(t, servicetest.Unresolved(t, "ref+vaultkv://"+name, []string{"canary", v.Token}), want, name)
	}
	v.Do("PUT", "sys/seal", object{})
	t.Setenv("VAULT_MAX_RETRIES", "0")
	assert.Contains(t, servicetest.Unresolved(t, "ref+vaultkv://old/app", nil), "Vault is sealed (HTTP 503)")
}

// fake answers like a Vault with one mount, and records the requests.
func fake(t *testing.T, asked *[]string) *httptest.Server {
	t.Helper()
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		*asked = append(*asked, r.URL.Path)
		mu.Unlock()
		assert.Equal(t, demoToken, r.Header.Get("X-Vault-Token"))
		if strings.HasPrefix(r.URL.Path, "/v1/sys/internal/ui/mounts/") {
			_, _ = fmt.Fprint(w, `{"data": {"path": "secret/", "type": "kv", "options": {"version": "2"}}}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"data": {"data": {"a": "1", "b": "2"}}}`)
	}))
	t.Cleanup(s.Close)
	environment(t, s.URL, demoToken)
	return s
}

func TestOneRequestPerSecretAndLoad(t *testing.T) {
	var asked []string
	fake(t, &asked)
	type settings struct{ A, B, C string }
	load := func() {
		_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"),
			sealcfg.WithEnviron("APP_A=ref+vaultkv://secret/x#a", "APP_B=ref+vault://secret/x#b", "APP_C=ref+vault://secret/y#b"))
		require.NoError(t, err)
	}
	load()
	require.Len(t, asked, 3)
	assert.Regexp(t, "^/v1/sys/internal/ui/mounts/secret/[xy]$", asked[0])
	assert.ElementsMatch(t, []string{"/v1/secret/data/x", "/v1/secret/data/y"}, asked[1:])
	load()
	assert.Len(t, asked, 6, "the next load asks again")
}

// A server that sends us on to another host does not make us take the token along; to
// another path of the same host we go.
func TestRedirects(t *testing.T) {
	var elsewhere, asked []string
	other := fake(t, &elsewhere)
	for _, code := range []int{301, 302, 303, 307, 308} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+r.URL.Path, code) }))
		t.Setenv("VAULT_ADDR", s.URL)
		assert.Equal(t, "ref+vaultkv://secret/x#a: redirected to another host, "+strings.TrimPrefix(other.URL, "http://")+"; the token was not sent",
			servicetest.Unresolved(t, "ref+vaultkv://secret/x#a", []string{demoToken}), code)
		s.Close()
	}
	assert.Empty(t, elsewhere)

	target := fake(t, &asked)
	handler := target.Config.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, moved := strings.CutPrefix(r.URL.Path, "/moved"); moved {
			r.URL.Path = path
			handler.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, "/moved"+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	t.Setenv("VAULT_ADDR", s.URL)
	assert.Equal(t, "1", servicetest.Resolved(t, "ref+vaultkv://secret/x#a"))
}

// A server other than Vault may answer with anything, also with the request.
func TestNotVault(t *testing.T) {
	t.Setenv("VAULT_MAX_RETRIES", "0")
	for want, handler := range map[string]http.HandlerFunc{
		"no reason given (HTTP 502)": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway); _ = r.Write(w) },
		"invalid character":          func(w http.ResponseWriter, r *http.Request) { _ = r.Write(w) },
		"is not a KV engine": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, `{"data": {"path": "", "type": "kv"}}`)
		},
		"secret not found": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, `{"data": {"path": "secret/", "type": "kv", "options": {"version": "2"}, "data": "canary"}}`)
		},
	} {
		s := httptest.NewServer(handler)
		environment(t, s.URL, demoToken)
		t.Setenv("VAULT_MAX_RETRIES", "0")
		assert.Contains(t, servicetest.Unresolved(t, "ref+vaultkv://secret/x", []string{demoToken, "canary"}), want)
		s.Close()
	}
}

func TestUnreachable(t *testing.T) {
	environment(t, "http://127.0.0.1:9", demoToken)
	t.Setenv("VAULT_MAX_RETRIES", "0")
	assert.Contains(t, servicetest.Unresolved(t, "ref+vaultkv://secret/x", []string{demoToken}), "connection refused")
	t.Setenv("VAULT_ADDR", "http://"+servicetest.NoAnswer(t))
	servicetest.EndsWithContext(t, "ref+vaultkv://secret/x", vaultkv.Source("secret/x"))
	t.Setenv("VAULT_CLIENT_TIMEOUT", "1")
	assert.Contains(t, servicetest.Unresolved(t, "ref+vaultkv://secret/x", []string{demoToken}), "deadline exceeded")
}

func TestVaultPrintsNothing(t *testing.T) {
	servicetest.PrintsNothing(t, func() string { server(t); return "ref+vaultkv://old/prod/db#password" }, func(ref string) {
		require.Equal(t, "canary", servicetest.Resolved(t, ref))
		servicetest.Unresolved(t, "ref+vaultkv://old/nobody", nil)
	})
}

package vault_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keystest"
	"github.com/sealcfg/sealcfg/services/vault"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

const demoToken = "hvs.demo-token-for-tests"

// home stays the same for the whole run, since Vault's library looks once where it is.
var home string

func TestMain(m *testing.M) { servicetest.NewHome(m, &home) }

// environment is the environment of a user with a token, without any other settings
// for Vault.
func environment(t *testing.T, token string) {
	t.Helper()
	servicetest.Unset(t, "VAULT_")
	servicetest.Unset(t, "SOPS_HC_VAULT_ALLOWLIST")
	if token != "" {
		t.Setenv("VAULT_TOKEN", token)
	}
}

// server starts a Vault with a key.
func server(t *testing.T) (*servicetest.Vault, *keys.Stanza) {
	t.Helper()
	v := servicetest.NewVault(t)
	environment(t, v.Token)
	return v, key(v.Address, "transit", "app")
}

func key(address, engine, name string) *keys.Stanza {
	return &keys.Stanza{Type: "hc_vault", Fields: []keys.Field{
		{Name: "vault_address", Value: address}, {Name: "engine_path", Value: engine}, {Name: "key_name", Value: name},
	}}
}

func wrap(t *testing.T, k *keys.Stanza) *keys.Stanza {
	t.Helper()
	s, err := vault.Service{}.Wrap(t.Context(), k, secret)
	require.NoError(t, err)
	return s
}

func wrapFails(t *testing.T, k *keys.Stanza) error {
	t.Helper()
	_, err := vault.Service{}.Wrap(t.Context(), k, secret)
	require.Error(t, err)
	presentable(t, err)
	return err
}

func unwrapFails(t *testing.T, s *keys.Stanza) error {
	t.Helper()
	_, err := vault.Service{}.Unwrap(t.Context(), s)
	require.Error(t, err)
	presentable(t, err)
	return err
}

func presentable(t *testing.T, err error) {
	t.Helper()
	secrets := []string{string(secret), demoToken}
	if token := os.Getenv("VAULT_TOKEN"); token != "" {
		secrets = append(secrets, token)
	}
	servicetest.Presentable(t, err, secrets...)
}

func TestVaultPassesTheSuite(t *testing.T) {
	_, k := server(t)
	p, err := keys.Default.Provider("hc_vault")
	require.NoError(t, err)
	keystest.Test(t, keystest.Setup{Provider: p, Key: k})
}

func TestVaultBothWaysWithSops(t *testing.T) {
	v, _ := server(t)
	v.Do("POST", "sys/mounts/teams/shop/transit", map[string]any{"type": "transit"})
	v.Do("POST", "teams/shop/transit/keys/app", map[string]any{})
	for _, path := range []string{"/v1/transit/keys/app", "/v1/teams/shop/transit/keys/app"} {
		t.Run(path, func(t *testing.T) {
			servicetest.BothWays(t, "hc_vault_transit_uri: "+v.Address+path)
		})
	}
}

func TestVaultTokenInFile(t *testing.T) {
	v, k := server(t)
	environment(t, "")
	assert.Regexp(t, `\(HTTP 40[03]\)$`, wrapFails(t, k).Error(), "no token")
	path := filepath.Join(home, ".vault-token")
	require.NoError(t, os.WriteFile(path, []byte(v.Token+"\n"), 0o600))
	t.Cleanup(func() { assert.NoError(t, os.Remove(path)) })
	got, err := vault.Service{}.Unwrap(t.Context(), wrap(t, k))
	require.NoError(t, err)
	assert.Equal(t, secret, got)
}

// VAULT_ADDR is where Vault's own command goes. A key has its own address.
func TestVaultAddressIsThatOfTheKey(t *testing.T) {
	_, k := server(t)
	t.Setenv("VAULT_ADDR", "http://127.0.0.1:1")
	wrap(t, k)
}

// After a rotation, a key of the engine unwraps the stanzas of its old version.
func TestVaultKeyVersions(t *testing.T) {
	v, k := server(t)
	old := wrap(t, k)
	v.Do("POST", "transit/keys/app/rotate", map[string]any{})
	fresh := wrap(t, k)
	assert.True(t, strings.HasPrefix(old.Wrapped, "vault:v1:"))
	assert.True(t, strings.HasPrefix(fresh.Wrapped, "vault:v2:"))
	for _, s := range []*keys.Stanza{old, fresh} {
		got, err := vault.Service{}.Unwrap(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, secret, got)
	}
	v.Do("POST", "transit/keys/app/config", map[string]any{"min_decryption_version": 2})
	require.EqualError(t, unwrapFails(t, old), "ciphertext or signature version is disallowed by policy (too old) (HTTP 400)")
}

func TestVaultRefuses(t *testing.T) {
	v, k := server(t)
	s := wrap(t, k)
	v.Do("POST", "transit/keys/other", map[string]any{})
	other := *s
	other.Fields = key(v.Address, "transit", "other").Fields
	assert.Regexp(t, `message authentication failed.* \(HTTP 4\d\d\)$`, unwrapFails(t, &other).Error(), "another key")
	assert.Regexp(t, `\(HTTP 404\)$`, wrapFails(t, key(v.Address, "nowhere", "app")).Error(), "no such engine")
	broken := *s
	broken.Wrapped = "vault:v1:"
	assert.Regexp(t, `\(HTTP 400\)$`, unwrapFails(t, &broken).Error())

	// First a user that may wrap and not unwrap, then an unknown token.
	t.Setenv("VAULT_TOKEN", v.TokenFor(`path "transit/encrypt/app" { capabilities = ["update"] }`))
	s = wrap(t, k)
	require.EqualError(t, unwrapFails(t, s), "permission denied (HTTP 403)")
	t.Setenv("VAULT_TOKEN", demoToken)
	require.EqualError(t, unwrapFails(t, s), "permission denied; invalid token (HTTP 403)")
	require.EqualError(t, wrapFails(t, k), "permission denied; invalid token (HTTP 403)")

	v.Do("PUT", "sys/seal", map[string]any{})
	require.EqualError(t, wrapFails(t, k), "Vault is sealed (HTTP 503)")
}

func TestAllowlist(t *testing.T) {
	_, k := server(t)
	for list, allowed := range map[string]bool{
		"all": true, k.Field("vault_address"): true, "https://vault.example," + k.Field("vault_address") + "/": true,
		"none": false, "https://vault.example": false, k.Field("vault_address")[:18]: false,
	} {
		t.Setenv("SOPS_HC_VAULT_ALLOWLIST", list)
		if allowed {
			wrap(t, k)
		} else {
			require.EqualError(t, wrapFails(t, k), "$SOPS_HC_VAULT_ALLOWLIST does not allow this server", list)
		}
	}
}

// The fields of a file are put together to the path of a request.
func TestPaths(t *testing.T) {
	environment(t, demoToken)
	for want, k := range map[string]*keys.Stanza{
		`hc_vault key without key_name`:          key("http://127.0.0.1:1", "transit", ""),
		`hc_vault key without engine_path`:       key("http://127.0.0.1:1", "", "k"),
		`hc_vault key without vault_address`:     key("", "transit", "k"),
		`malformed key_name "../../sys/seal"`:    key("http://127.0.0.1:1", "transit", "../../sys/seal"),
		`malformed key_name ".."`:                key("http://127.0.0.1:1", "transit", ".."),
		`malformed engine_path "transit/../sys"`: key("http://127.0.0.1:1", "transit/../sys", "k"),
		`malformed engine_path "../sys"`:         key("http://127.0.0.1:1", "../sys", "k"),
		`malformed engine_path "."`:              key("http://127.0.0.1:1", ".", "k"),
	} {
		require.EqualError(t, wrapFails(t, k), want)
		require.EqualError(t, unwrapFails(t, k), want)
	}
}

// A server that sends us on to another host does not make us take token and
// data key along; to another path of the same host we go.
func TestRedirects(t *testing.T) {
	environment(t, demoToken)
	var elsewhere []*http.Request
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere = append(elsewhere, r) }))
	t.Cleanup(other.Close)
	for _, code := range []int{301, 302, 303, 307, 308} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			http.Redirect(w, r, other.URL+r.URL.Path, code)
		}))
		err := wrapFails(t, key(s.URL, "transit", "app"))
		require.EqualError(t, err, "redirected to another host, "+strings.TrimPrefix(other.URL, "http://")+"; the token was not sent", code)
		assert.Equal(t, 1, asked, "asked once")
		s.Close()
	}
	assert.Empty(t, elsewhere)

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/moved") {
			http.Redirect(w, r, "/moved"+r.URL.Path, http.StatusTemporaryRedirect)
			return
		}
		assert.Equal(t, demoToken, r.Header.Get("X-Vault-Token"))
		_, _ = fmt.Fprint(w, `{"data":{"ciphertext":"vault:v1:demo"}}`)
	}))
	t.Cleanup(s.Close)
	assert.Equal(t, "vault:v1:demo", wrap(t, key(s.URL, "transit", "app")).Wrapped)
}

// A server other than Vault may answer with anything, also with the request.
func TestNotVault(t *testing.T) {
	environment(t, demoToken)
	t.Setenv("VAULT_MAX_RETRIES", "0")
	for want, handler := range map[string]http.HandlerFunc{
		"no reason given (HTTP 502)": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_ = r.Write(w)
		},
		"no encrypted data": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, `{"data":{"plaintext":"`+base64.StdEncoding.EncodeToString(secret)+`"}}`)
		},
		"invalid character": func(w http.ResponseWriter, r *http.Request) { _ = r.Write(w) },
	} {
		s := httptest.NewServer(handler)
		err := wrapFails(t, key(s.URL, "transit", "app"))
		assert.Regexp(t, "^"+regexp.QuoteMeta(want), err.Error())
		s.Close()
	}
}

// No process listens on the discard port of this machine.
func TestUnreachable(t *testing.T) {
	environment(t, demoToken)
	err := wrapFails(t, key("http://127.0.0.1:9", "transit", "app"))
	require.EqualError(t, err, "dial tcp 127.0.0.1:9: connect: connection refused")
}

// A host that takes the call and never answers.
func TestNoAnswer(t *testing.T) {
	environment(t, demoToken)
	k := key("http://"+servicetest.NoAnswer(t), "transit", "app")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	begin := time.Now()
	_, err := vault.Service{}.Wrap(ctx, k, secret)
	require.Equal(t, context.Canceled, err)
	assert.Less(t, time.Since(begin), 10*time.Second)

	t.Setenv("VAULT_CLIENT_TIMEOUT", "1")
	err = wrapFails(t, k)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Contains(t, err.Error(), "no answer in time")
}

func TestVaultPrintsNothing(t *testing.T) {
	servicetest.PrintsNothing(t, func() string { _, k := server(t); return k.Field("vault_address") }, func(address string) {
		s := wrap(t, key(address, "transit", "app"))
		_, err := vault.Service{}.Unwrap(t.Context(), s)
		require.NoError(t, err)
		s.Wrapped = "broken"
		_, err = vault.Service{}.Unwrap(t.Context(), s)
		require.Error(t, err)
	})
}

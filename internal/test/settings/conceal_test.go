package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/errchain"
)

// assertHides fails if an error or its chain shows one of the values, however a program
// prints it.
func assertHides(t testing.TB, err error, texts ...string) {
	t.Helper()
	require.Error(t, err)
	for e := range errchain.All(err) {
		asJSON, _ := json.Marshal(e)
		for _, text := range texts {
			for _, shown := range []string{e.Error(), fmt.Sprintf("%v %+v %#v %q", e, e, e, e), string(asJSON)} {
				require.NotContains(t, strings.ToLower(shown), strings.ToLower(text))
			}
		}
	}
	// A reporter may look for a method without knowing the type.
	var temporary interface{ Timeout() bool }
	if errors.As(err, &temporary) {
		for _, text := range texts {
			require.NotContains(t, fmt.Sprint(temporary), text)
		}
	}
}

func TestLoadHidesKeys(t *testing.T) {
	t.Parallel()
	const (
		identity = "AGE-SECRET-KEY-1C54Q8WF6U4WGDAJ0H3T7T376ZQWHW8LRZKQ58F3SPCTATGQHQ2TSLDXN9L"
		data     = "1C54Q8WF6U4WGDAJ0H3T7T376ZQWHW8LRZKQ58F3SPCTATGQHQ2TSLDXN9L"
		ssh      = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\nQyNTUxOQAAACBZBYGYWzRrXk7Cnt/fw+79YGvXr38vZKiTn4CWPWRhHQAAAJCmop/6pqKf\n-----END OPENSSH PRIVATE KEY-----\n"
	)
	type settings struct{ A int }
	fsys := files(t, "prod", "a: 1\n")
	for _, value := range []string{identity, strings.ToLower(identity), " " + identity + " " + identity, identity[:50], ssh, "hunter2 " + identity} {
		for _, variable := range []string{"SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_DECRYPTION_ORDER", "SEALCFG_ENV"} {
			_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithFS(fsys, "environments"),
				sealcfg.WithEnviron("SEALCFG_ENV=prod", "HOME="+t.TempDir(), variable+"="+value))
			require.Error(t, err, "%s in $%s", value, variable)
			assertHides(t, err, data, data[:20], "wzRrXk7Cnt", "b3BlbnNzaC1")
			if strings.HasPrefix(variable, "SOPS_") {
				assertHides(t, err, "hunter2")
				assert.Contains(t, err.Error(), "$"+variable)
			}
		}
		_, err := sealcfg.Load[settings](t.Context(), sealcfg.WithFS(fsys, "environments"), sealcfg.WithEnviron(), sealcfg.WithEnv(value))
		require.Error(t, err)
		assertHides(t, err, data, data[:20], "wzRrXk7Cnt")
		_, err = sealcfg.Load[settings](t.Context(), sealcfg.WithDir(value), sealcfg.WithEnviron(), sealcfg.WithEnv("prod"))
		require.Error(t, err)
		assertHides(t, err, data, data[:20], "wzRrXk7Cnt")
		_, err = sealcfg.Load[settings](t.Context(), sealcfg.WithFS(fsys, "environments"), sealcfg.WithEnviron(), sealcfg.WithEnv("prod"), sealcfg.WithIdentityText("hunter2"+value))
		require.Error(t, err)
		assertHides(t, err, data, data[:20], "wzRrXk7Cnt", "hunter2")
	}
}

// TestLoadHidesKeysOfOthers has a source that quotes a key in its error.
func TestLoadHidesKeysOfOthers(t *testing.T) {
	t.Parallel()
	cause := &fs.PathError{Op: "open", Path: "AGE-SECRET-KEY-1C54Q8WF6U4WGDAJ0H3T7T376", Err: fs.ErrNotExist}
	_, err := sealcfg.Load[struct{ A int }](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(),
		sealcfg.WithVariables("demo", func(context.Context) ([]string, error) { return nil, fmt.Errorf("read it: %w", cause) }))
	assertHides(t, err, "1C54Q8WF6U4WGDAJ0H3T7T376")
	assert.Contains(t, err.Error(), "[private key]")
	require.ErrorIs(t, err, fs.ErrNotExist, "the error is still of its kind")

	var missing *environments.MissingError
	_, err = sealcfg.Load[struct{ A int }](t.Context(), sealcfg.WithDir(t.TempDir()), sealcfg.WithEnv("AGE-SECRET-KEY-1C54Q8WF6U4WGDAJ0H3T7T376"), sealcfg.WithEnviron())
	assertHides(t, err, "1C54Q8WF6U4WGDAJ0H3T7T376")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotErrorAs(t, err, &missing, "it quotes the key")
}

// upstream checks an address that only its methods can read.
type upstream struct{ Address sealcfg.Secret[string] }

type upstreamError struct{ err error }

func (e *upstreamError) Error() string { return "not the address of an upstream" }
func (e *upstreamError) Unwrap() error { return e.err }

func (u *upstream) Validate() error {
	if _, err := netip.ParseAddr(u.Address.Expose()); err != nil {
		return &upstreamError{&net.ParseError{Type: "address", Text: u.Address.Expose()}}
	}
	return nil
}

// TestErrorsBelowValidatorsAreHidden proves that the text of a validator is shown, and
// the errors that it wraps are not.
func TestErrorsBelowValidatorsAreHidden(t *testing.T) {
	t.Parallel()
	_, err := sealcfg.Load[upstream](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Set("address", "hunter2canary"))
	assertHides(t, err, "hunter2canary")
	assert.Contains(t, err.Error(), "not the address of an upstream")
	var own *upstreamError
	require.ErrorAs(t, err, &own)
	var quoting *net.ParseError
	require.NotErrorAs(t, err, &quoting)

	_, err = sealcfg.Load[struct{ A sealcfg.Secret[netip.Addr] }](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron("APP_A=hunter2canary"), sealcfg.WithEnvPrefix("APP_"))
	assertHides(t, err, "hunter2canary")
}

// TestErrorsOfResolversAreHidden has a resolver that wraps an error which quotes a secret.
func TestErrorsOfResolversAreHidden(t *testing.T) {
	t.Parallel()
	_, err := sealcfg.Load[struct{ A sealcfg.Secret[string] }](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(),
		sealcfg.WithVariables("x", func(context.Context) ([]string, error) { return []string{"A=ref+quotes://x"}, nil }),
		sealcfg.WithResolver(quotes{}))
	assertHides(t, err, "hunter2canary")
	require.ErrorIs(t, err, errQuoted)
}

var errQuoted = errors.New("quoted")

type quotes struct{}

func (quotes) Schemes() []string { return []string{"quotes"} }

func (quotes) Resolve(context.Context, sealcfg.Reference) (string, error) {
	return "", &upstreamError{fmt.Errorf("hunter2canary: %w", errQuoted)}
}

// TestPrintersDoNotFindValues walks a loader, a handle and an option by reflection.
func TestPrintersDoNotFindValues(t *testing.T) {
	t.Parallel()
	type settings struct{ A, B sealcfg.Secret[string] }
	given := []sealcfg.Option{sealcfg.WithoutFiles(), sealcfg.Set("a", "hunter2canary"), sealcfg.WithEnviron("APP_B=hunter2canary"), sealcfg.WithEnvPrefix("APP_")}
	l := sealcfg.New[settings](given...)
	h, err := l.Load(t.Context())
	require.NoError(t, err)
	for _, v := range []any{l, h, h.Get(), h.Origins(), given} {
		assert.NotContains(t, reflected(reflect.ValueOf(v)), "hunter2canary")
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", v, v, v), "hunter2canary")
	}
	require.Equal(t, "hunter2canary", h.Get().A.Expose())
}

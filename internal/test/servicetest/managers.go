package servicetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// Resolved returns the value of a reference to a secret.
func Resolved(t testing.TB, ref string, opts ...sealcfg.Option) string {
	t.Helper()
	text, err := resolve(t.Context(), ref, opts...)
	require.NoError(t, err)
	return text
}

// Unresolved requires that a reference is a problem of its setting, which names it
// and quotes none of the secrets. It returns the text of the problem.
func Unresolved(t testing.TB, ref string, secrets []string, opts ...sealcfg.Option) string {
	t.Helper()
	_, err := resolve(t.Context(), ref, opts...)
	var problems *sealcfg.Error
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems.Problems, 1)
	p := problems.Problems[0]
	assert.Equal(t, sealcfg.KindInvalid, p.Kind)
	Presentable(t, p, secrets...)
	return p.Origin.Place + ": " + p.Reason
}

func resolve(ctx context.Context, ref string, opts ...sealcfg.Option) (string, error) {
	type settings struct{ Value sealcfg.Secret[string] }
	v, err := sealcfg.Load[settings](ctx, append(opts, sealcfg.WithoutFiles(), sealcfg.WithEnviron("APP_VALUE="+ref), sealcfg.WithEnvPrefix("APP_"))...)
	if err != nil {
		return "", err
	}
	return v.Value.Expose(), nil
}

// EndsWithContext demands that a load ends with its context while a host does not
// answer: for a reference, and for a source.
func EndsWithContext(t *testing.T, ref string, source sealcfg.Source, opts ...sealcfg.Option) {
	t.Helper()
	for name, with := range map[string]sealcfg.Option{"reference": nil, "source": sealcfg.WithSource(source)} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(200*time.Millisecond, cancel)
		begin := time.Now()
		_, err := resolve(ctx, ref, append(opts, with)...)
		require.ErrorIs(t, err, context.Canceled, name)
		assert.Less(t, time.Since(begin), 10*time.Second, name)
	}
}

// Sourced loads settings from a source of secrets alone.
func Sourced[T any](t testing.TB, source sealcfg.Source, opts ...sealcfg.Option) (*T, *sealcfg.Origins) {
	t.Helper()
	var origins sealcfg.Origins
	v, err := sealcfg.Load[T](t.Context(), append(opts, sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithSource(source), sealcfg.WithOrigins(&origins))...)
	require.NoError(t, err)
	return v, &origins
}

// NotSourced demands that a source ends the load with an error that can be shown,
// and returns its text.
func NotSourced(t testing.TB, source sealcfg.Source, secrets ...string) string {
	t.Helper()
	_, err := sealcfg.Load[struct{}](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithSource(source))
	Presentable(t, err, secrets...)
	return err.Error()
}

// AppSettings are the settings that the tests of managers store as a tree.
type AppSettings struct {
	Listen string `default:":8080"`
	DB     struct {
		Host   string
		Port   int
		APIKey sealcfg.Secret[string]
	}
}

// Check demands the tree that the tests keep.
func (s *AppSettings) Check(t testing.TB) {
	t.Helper()
	assert.Equal(t, ":8080", s.Listen)
	assert.Equal(t, "db.example", s.DB.Host)
	assert.Equal(t, 5432, s.DB.Port)
	assert.Equal(t, "canary", s.DB.APIKey.Expose())
}

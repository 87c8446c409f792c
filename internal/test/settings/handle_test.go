package settings_test

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

type reloadable struct {
	Text   string                            `cfg:",optional"`
	Token  sealcfg.Secret[string]            `cfg:",optional"`
	Tokens sealcfg.Secret[map[string]string] `cfg:",optional"`
	Key    *sealcfg.Secret[[]byte]
	List   []string `cfg:",optional"`
	Groups []struct {
		Name string
		Pass sealcfg.Secret[string]
	} `cfg:",optional"`
	Map   map[string]int             `cfg:",optional"`
	Deep  map[string]map[string]bool `cfg:",optional"`
	Ptr   *int
	Inner *struct{ A, B int }
	Float float64   `cfg:",optional"`
	When  time.Time `cfg:",optional"`
	URL   *testURL
}

// testURL is a scalar that keeps a pointer.
type testURL struct{ *url.URL }

func (u *testURL) UnmarshalText(text []byte) (err error) {
	u.URL, err = url.Parse(string(text))
	return err
}

func TestReloadTellsWhatChanged(t *testing.T) {
	for _, c := range []struct {
		before, after string
		changed       []string
	}{
		{"text: a", "text: a", nil},
		{"text: a", "text: a # with a comment", nil},
		{"text: a", "text: b", []string{"text"}},
		{"text: a", "{}", []string{"text"}},
		{"text: ''", "{}", nil},
		{"token: a", "token: a", nil},
		{"token: a", "token: b", []string{"token"}},
		{"token: ''", "{}", []string{"token"}},
		{"tokens: {a: x}", "tokens: {a: x}", nil},
		{"tokens: {a: x}", "tokens: {a: y}", []string{"tokens"}},
		{"tokens: {a: x}", "tokens: {a: x, b: y}", []string{"tokens"}},
		{"key: a", "key: a", nil},
		{"key: a", "key: b", []string{"key"}},
		{"key: a", "key: null", []string{"key"}},
		{"{}", "key: a", []string{"key"}},
		{"list: [a, b]", "list: [a, b]", nil},
		{"list: [a, b]", "list: [a, c]", []string{"list[1]"}},
		{"list: [a, b]", "list: [a]", []string{"list"}},
		{"list: [a]", "{}", []string{"list"}},
		{"list: []", "{}", nil},
		{"groups: [{name: a, pass: x}]", "groups: [{name: b, pass: y}]", []string{"groups[0].name", "groups[0].pass"}},
		{"map: {a: 1, b: 2, c: 3}", "map: {a: 1, b: 3, d: 4}", []string{"map.b", "map.c", "map.d"}},
		{"map: {a: 1}", "{}", []string{"map.a"}},
		{"deep: {a: {b: true}}", "deep: {a: {b: false, c: true}}", []string{"deep.a.b", "deep.a.c"}},
		{"deep: {a: {b: true}}", "deep: {}", []string{"deep.a"}},
		{"map: {'a b': 1}", "map: {'a b': 2}", []string{`map["a b"]`}},
		{"ptr: 1", "ptr: 1", nil},
		{"ptr: 1", "ptr: 2", []string{"ptr"}},
		{"ptr: 1", "ptr: null", []string{"ptr"}},
		{"inner: {a: 1, b: 2}", "inner: {a: 1, b: 3}", []string{"inner.b"}},
		{"inner: {a: 1, b: 2}", "{}", []string{"inner"}},
		{"float: .nan", "float: .nan", nil},
		{"float: .nan", "float: 1.5", []string{"float"}},
		{"when: 2024-01-01T00:00:00Z", "when: 2024-01-01T01:00:00+01:00", nil},
		{"when: 2024-01-01T00:00:00Z", "when: 2024-01-01T00:00:01Z", []string{"when"}},
		{"url: http://a/", "url: http://a/", nil},
		{"url: http://a/", "url: http://b/", []string{"url"}},
		{"text: a\nptr: 1", "ptr: 2\ntext: b", []string{"text", "ptr"}},
	} {
		t.Run(c.before+" to "+c.after, func(t *testing.T) {
			fsys := files(t, "prod", c.before)
			h, err := sealcfg.New[reloadable](options(t, fsys)...).Load(t.Context())
			require.NoError(t, err)
			old := h.Get()
			fsys["environments/prod.yaml"] = files(t, "prod", c.after)["environments/prod.yaml"]
			changed, err := h.Reload(t.Context())
			require.NoError(t, err)
			for i, path := range changed {
				_, err := envfile.ParsePath(path)
				require.NoError(t, err, "%d", i)
			}
			assert.Equal(t, c.changed, changed)
			if !math.IsNaN(old.Float) {
				assert.NotSame(t, old, h.Get())
			}
			changed, err = h.Reload(t.Context())
			require.NoError(t, err)
			assert.Empty(t, changed, "nothing more")
		})
	}
}

func TestReloadOfADestroyedSecret(t *testing.T) {
	h, err := sealcfg.New[reloadable](options(t, files(t, "prod", "token: a\nkey: b"))...).Load(t.Context())
	require.NoError(t, err)
	h.Get().Token.Destroy()
	h.Get().Key.Destroy()
	changed, err := h.Reload(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"token", "key"}, changed)
	assert.Equal(t, "a", h.Get().Token.Expose())
}

func TestFailedReloadKeepsTheOldSettings(t *testing.T) {
	type settings struct {
		A int
		B sealcfg.Secret[string]
	}
	env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\nb: "+hushed+"\n")
	var warned int
	h, err := sealcfg.New[settings](append(env.Options(), sealcfg.OnWarning(func(*sealcfg.Problem) { warned++ }))...).Load(t.Context())
	require.NoError(t, err)
	settingsBefore, originsBefore := h.Get(), h.Origins()
	good, err := os.ReadFile(env.Path("prod"))
	require.NoError(t, err)

	fails := func(check func(error)) {
		t.Helper()
		changed, err := h.Reload(t.Context())
		require.Error(t, err)
		assert.Empty(t, changed)
		check(err)
		assertHushed(t, err.Error())
		assert.Same(t, settingsBefore, h.Get())
		assert.Same(t, originsBefore, h.Origins())
		assert.Equal(t, hushed, h.Get().B.Expose())
	}
	env.Write(t, "prod", "a: "+hushed+"\n")
	fails(func(err error) {
		var e *sealcfg.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, "prod", e.Env)
		assert.Len(t, e.Problems, 2)
	})
	require.NoError(t, os.WriteFile(env.Path("prod"), []byte(strings.Replace(string(good), "ENC[AES256_GCM,data:", "ENC[AES256_GCM,data:AAAA", 1)), 0o600))
	fails(func(err error) { assert.Contains(t, err.Error(), "prod.yaml") })
	require.NoError(t, os.WriteFile(env.Path("prod"), []byte("a: 1\nb: "+hushed+"\n"), 0o600))
	fails(func(err error) { require.ErrorIs(t, err, envfile.ErrNotSealed) })
	require.NoError(t, os.Remove(env.Path("prod")))
	fails(func(err error) {
		var missing *environments.MissingError
		require.ErrorAs(t, err, &missing)
	})
	require.NoError(t, os.WriteFile(env.Path("prod"), good, 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.Reload(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Same(t, settingsBefore, h.Get())

	changed, err := h.Reload(t.Context())
	require.NoError(t, err)
	assert.Empty(t, changed)
	assert.NotSame(t, settingsBefore, h.Get())
}

// Reload uses the environment that was loaded, even if the variable has changed.
func TestReloadKeepsTheEnvironment(t *testing.T) {
	type settings struct{ A int }
	fsys := files(t, "prod", "a: 1", "dev", "a: 2")
	t.Setenv("SEALCFG_TEST_ENV", "prod")
	load := sealcfg.New[settings](sealcfg.WithFS(fsys, "environments"), sealcfg.WithIdentityText(demoKey(t)), sealcfg.WithEnvVar("SEALCFG_TEST_ENV"))
	h, err := load.Load(t.Context())
	require.NoError(t, err)
	t.Setenv("SEALCFG_TEST_ENV", "dev")
	changed, err := h.Reload(t.Context())
	require.NoError(t, err)
	assert.Empty(t, changed)
	assert.Equal(t, "prod", h.Env())
	other, err := load.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "dev", other.Env())
	assert.Equal(t, 2, other.Get().A)
}

// Readers never wait, never see half of a reload, and never see an older state again.
func TestReadersBesideReloaders(t *testing.T) {
	type settings struct {
		A, B int
		C    sealcfg.Secret[string]
		List []int
		Map  map[string]int
	}
	text := func(i int) string {
		return fmt.Sprintf("a: %d\nb: %[1]d\nc: s%[1]d\nlist: [%[1]d, %[1]d]\nmap: {x: %[1]d}\n", i)
	}
	env := sealcfgtest.NewEnvironment(t, "prod", text(1))
	h, err := sealcfg.New[settings](env.Options()...).Load(t.Context())
	require.NoError(t, err)
	var done atomic.Bool
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			last := 0
			for !done.Load() {
				s := h.Get()
				if s.A < last || s.B != s.A || s.C.Expose() != fmt.Sprint("s", s.A) || s.List[1] != s.A || s.Map["x"] != s.A {
					t.Errorf("after %d: %+v", last, s)
					return
				}
				last = s.A
				_, _, _ = h.Origins().Of("a"), h.Warnings(), h.Env()
				if err := h.Explain(&strings.Builder{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var changes atomic.Int32
	for i := 2; i <= 12; i++ {
		env.Write(t, "prod", text(i))
		var reloaders sync.WaitGroup
		for range 3 {
			reloaders.Go(func() {
				changed, err := h.Reload(t.Context())
				if err != nil {
					t.Error(err)
				}
				if len(changed) > 0 {
					changes.Add(1)
					if got := fmt.Sprint(changed); got != "[a b c list[0] list[1] map.x]" {
						t.Error(got)
					}
				}
			})
		}
		reloaders.Wait()
	}
	done.Store(true)
	group.Wait()
	assert.Equal(t, 12, h.Get().A)
	assert.Equal(t, int32(11), changes.Load(), "each change is told to one of those who asked")
}

func TestHandleWarnings(t *testing.T) {
	type settings struct {
		A int `alias:"old"`
	}
	env := sealcfgtest.NewEnvironment(t, "prod", "old: 1")
	var told []string
	h, err := sealcfg.New[settings](append(env.Options(), sealcfg.OnWarning(func(p *sealcfg.Problem) { told = append(told, p.Path) }))...).Load(t.Context())
	require.NoError(t, err)
	require.Len(t, h.Warnings(), 1)
	assert.Equal(t, sealcfg.KindDeprecated, h.Warnings()[0].Kind)
	assert.Equal(t, filepath.Base(env.Path("prod")), filepath.Base(h.Warnings()[0].Origin.File))
	env.Write(t, "prod", "a: 1")
	changed, err := h.Reload(t.Context())
	require.NoError(t, err)
	assert.Empty(t, changed, "the value is the same")
	assert.Empty(t, h.Warnings())
	assert.Equal(t, []string{"a"}, told)
}

func TestContext(t *testing.T) {
	type other struct{ A int }
	ctx := t.Context()
	_, ok := sealcfg.FromContext[reloadable](ctx)
	assert.False(t, ok)
	mine, others := &reloadable{}, &other{}
	ctx = sealcfg.NewContext(sealcfg.NewContext(ctx, mine), others)
	got, ok := sealcfg.FromContext[reloadable](ctx)
	assert.True(t, ok)
	assert.Same(t, mine, got)
	second, ok := sealcfg.FromContext[other](ctx)
	assert.True(t, ok)
	assert.Same(t, others, second)
	_, ok = sealcfg.FromContext[struct{ A int }](ctx)
	assert.False(t, ok)
}

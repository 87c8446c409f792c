package sealcfghttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/sealcfghttp"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

type settings struct {
	A, B int
}

func get(h http.Handler) string {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	return answer.Body.String()
}

func TestARequestSeesOneSnapshot(t *testing.T) {
	env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\nb: 1\n")
	h, err := sealcfg.New[settings](env.Options()...).Load(t.Context())
	require.NoError(t, err)
	reloaded := false
	handler := sealcfghttp.WithSettings(h)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before, ok := sealcfg.FromContext[settings](r.Context())
		assert.True(t, ok)
		if !reloaded {
			env.Write(t, "prod", "a: 2\nb: 2\n")
			_, err := h.Reload(r.Context())
			assert.NoError(t, err)
			reloaded = true
		}
		after, _ := sealcfg.FromContext[settings](r.Context())
		fmt.Fprint(w, before.A, after.B, before == after)
		_, ok = sealcfg.FromContext[struct{ A int }](r.Context())
		assert.False(t, ok, "of another type there are none")
	}))
	assert.Equal(t, "1 1 true", get(handler))
	assert.Equal(t, "2 2 true", get(handler))
}

func TestRequestsBesideReloads(t *testing.T) {
	env := sealcfgtest.NewEnvironment(t, "prod", "a: 0\nb: 0\n")
	h, err := sealcfg.New[settings](env.Options()...).Load(t.Context())
	require.NoError(t, err)
	handler := sealcfghttp.WithSettings(h)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, _ := sealcfg.FromContext[settings](r.Context())
		assert.Equal(t, s.A, s.B)
	}))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				get(handler)
			}
		})
	}
	for i := range 10 {
		env.Write(t, "prod", fmt.Sprintf("a: %d\nb: %[1]d\n", i))
		_, err := h.Reload(t.Context())
		require.NoError(t, err)
	}
	group.Wait()
}

// A handler takes its settings from the request; the settings of each request are
// one snapshot, even if they are reloaded while it is answered.
func ExampleWithSettings() {
	type Settings struct{ Greeting string }
	handle, err := sealcfg.New[Settings](sealcfg.WithoutFiles(), sealcfg.Set("greeting", "hello")).Load(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		settings, _ := sealcfg.FromContext[Settings](r.Context())
		fmt.Fprint(w, settings.Greeting)
	})
	server := sealcfghttp.WithSettings(handle)(mux)

	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(answer.Body)
	// Output: hello
}

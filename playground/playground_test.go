package playground_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/playground"
)

type (
	server struct {
		Image string `validate:"startswith=registry."`
		Ports []int  `cfg:",optional" validate:"dive,min=1024"`
	}
	Shared struct {
		Low  int
		High int `validate:"gtfield=Low"`
	}
	settings struct {
		Shared
		Token   sealcfg.Secret[string]                   `validate:"required,min=12"`
		Nested  sealcfg.Optional[sealcfg.Secret[string]] `validate:"omitempty,alpha"`
		Number  sealcfg.Optional[int]                    `validate:"omitempty,max=5"`
		Servers map[string]server                        `cfg:",optional" validate:"dive"`
		Hidden  []sealcfg.Secret[string]                 `cfg:",optional" validate:"dive,lowercase"`
		Pointer *server
	}
)

func load[T any](t *testing.T, text string, opts ...sealcfg.Option) (*T, error) {
	t.Helper()
	return sealcfg.Load[T](t.Context(), append(opts, sealcfg.WithoutFiles(), sealcfg.WithEnviron(),
		sealcfg.WithSource(object(text)))...)
}

// object is a source that returns a JSON object.
type object string

func (object) Name() string { return "object" }

func (o object) Read(_ context.Context, r *sealcfg.Reading) error {
	return r.SetJSON("", string(o), sealcfg.Origin{Place: "object"})
}

func TestValidate(t *testing.T) {
	const good = `{"low": 1, "high": 2, "token": "long enough!", "servers": {"a": {"image": "registry.x"}}}`
	got, err := load[settings](t, good, playground.Validate(nil))
	require.NoError(t, err)
	assert.Equal(t, "long enough!", got.Token.Expose())
	_, err = load[settings](t, good[:len(good)-1]+`, "nested": "abc", "number": 5, "hidden": ["abc"]}`, playground.Validate(nil))
	require.NoError(t, err)

	_, err = load[settings](t, `{"low": 3, "high": 2, "token": "canary", "nested": "canary5", "number": 77006, "hidden": ["a", "CANARY"],
		"servers": {"a": {"image": "canary", "ports": [2000, 77]}}, "pointer": {"image": "canary"}}`, playground.Validate(nil))
	var e *sealcfg.Error
	require.ErrorAs(t, err, &e)
	want := map[string]string{
		"high": "must satisfy gtfield=Low", "token": "must satisfy min=12", "nested": "must satisfy alpha", "number": "must satisfy max=5",
		"hidden[1]": "must satisfy lowercase", "servers.a.image": "must satisfy startswith=registry.", "servers.a.ports[1]": "must satisfy min=1024",
		"pointer.image": "must satisfy startswith=registry.",
	}
	found := map[string]string{}
	for _, p := range e.Problems {
		found[p.Path] = p.Reason
		assert.Equal(t, sealcfg.KindInvalid, p.Kind)
		assert.Equal(t, "object", p.Origin.String())
	}
	assert.Equal(t, want, found)
	text, jsonErr := json.Marshal(e)
	require.NoError(t, jsonErr)
	shown := fmt.Sprintf("%v %+v %#v %s", err, err, err, text)
	for _, p := range e.Problems {
		shown += fmt.Sprintf("%v %+v %#v", p.Unwrap(), p.Unwrap(), p.Unwrap())
	}
	for _, value := range []string{"canary", "CANARY", "77006"} {
		assert.NotContains(t, shown, value)
	}
}

type box[T any] struct {
	V T `validate:"eq=x"`
}

func TestNamesOfTypes(t *testing.T) {
	for name, err := range map[string]error{
		"anonymous": func() error {
			_, err := load[struct {
				V string `validate:"eq=x"`
			}](t, `{"v": "y"}`, playground.Validate(nil))
			return err
		}(),
		"generic": func() error {
			_, err := load[box[sealcfg.Secret[string]]](t, `{"v": "y"}`, playground.Validate(nil))
			return err
		}(),
	} {
		var p *sealcfg.Problem
		require.ErrorAs(t, err, &p, name)
		assert.Equal(t, "v", p.Path, name)
	}
}

func TestValidatorOfOnesOwn(t *testing.T) {
	v := validator.New()
	require.NoError(t, v.RegisterValidation("shout", func(f validator.FieldLevel) bool { return f.Field().String() == strings.ToUpper(f.Field().String()) }))
	type loud struct {
		V sealcfg.Secret[string] `validate:"shout"`
	}
	option := playground.Validate(v)
	_, err := load[loud](t, `{"v": "X"}`, option)
	require.NoError(t, err)
	_, err = load[loud](t, `{"v": "x"}`, option)
	require.ErrorContains(t, err, "must satisfy shout")
}

func TestLoadsSideBySide(t *testing.T) {
	l := sealcfg.New[settings](playground.Validate(nil), sealcfg.WithoutFiles(), sealcfg.WithEnviron(),
		sealcfg.WithSource(object(`{"low": 1, "high": 2, "token": "long enough!"}`)))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := l.Load(t.Context())
			assert.NoError(t, err)
		})
	}
	all.Wait()
}

package settings_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

func TestSecretPrintsAsSecret(t *testing.T) {
	s := sealcfg.NewSecret(hushed)
	var zero sealcfg.Secret[string]
	for _, verb := range strings.Split("%v|%+v|%#v|%s|%q|%+q|%#q|%x|%X|% x|%#x|%d|%5d|%-20s|%b|%o|%t|%c|%U|%e|%g|%f", "|") {
		assert.Equal(t, "[secret]", fmt.Sprintf(verb, s), verb)
		assert.Equal(t, "[secret]", fmt.Sprintf(verb, &s), verb)
		assert.Equal(t, "[unset]", fmt.Sprintf(verb, zero), verb)
	}
	for _, verb := range []string{"%p", "%T", "%w", "%!"} { // fmt calls no method for these
		assertHushed(t, fmt.Sprintf(verb, s))
		assertHushed(t, fmt.Sprintf(verb, &s))
	}
	for _, c := range []struct {
		secret sealcfg.Secret[string]
		want   string
	}{{s, "[secret]"}, {zero, "[unset]"}, {sealcfg.NewSecret(""), "[secret]"}} {
		assert.Equal(t, c.want, c.secret.String())
		assert.Equal(t, c.want, c.secret.GoString())
		text, err := c.secret.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, c.want, string(text))
		text, err = json.Marshal(c.secret)
		require.NoError(t, err)
		assert.Equal(t, `"`+c.want+`"`, string(text))
		plain, err := c.secret.MarshalYAML()
		require.NoError(t, err)
		assert.Equal(t, c.want, plain)
	}
	assert.Empty(t, zero.Expose())
	assert.Equal(t, hushed, s.Expose())
}

func TestSecretIsSet(t *testing.T) {
	var zero sealcfg.Secret[string]
	assert.False(t, zero.IsSet())
	assert.True(t, sealcfg.NewSecret("").IsSet())
	type settings struct {
		Given, Empty sealcfg.Secret[string]
		Missing      sealcfg.Secret[string] `cfg:",optional"`
	}
	got, err := loadYAML[settings](t, "given: x\nempty: ''\n")
	require.NoError(t, err)
	assert.True(t, got.Given.IsSet())
	assert.True(t, got.Empty.IsSet())
	assert.False(t, got.Missing.IsSet())
	assert.Equal(t, "{[secret] [secret] [unset]}", fmt.Sprint(*got))
}

func TestSecretEqual(t *testing.T) {
	text := sealcfg.NewSecret[string]
	assert.True(t, text("abc").Equal(text("abc")))
	assert.False(t, text("abc").Equal(text("abd")))
	assert.False(t, text("abc").Equal(text("abcd")))
	assert.False(t, text("abc").Equal(text("")))
	assert.True(t, text("").Equal(text("")))

	var zero sealcfg.Secret[string]
	assert.False(t, zero.Equal(text("")), "what a caller sends never equals a secret that nobody set")
	assert.False(t, text("").Equal(zero))
	assert.True(t, zero.Equal(sealcfg.Secret[string]{}))

	type token []byte
	assert.True(t, sealcfg.NewSecret(token("abc")).Equal(sealcfg.NewSecret(token("abc"))))
	assert.False(t, sealcfg.NewSecret(token("abc")).Equal(sealcfg.NewSecret(token("xbc"))))
	type word string
	assert.True(t, sealcfg.NewSecret(word("abc")).Equal(sealcfg.NewSecret(word("abc"))))
	assert.False(t, sealcfg.NewSecret(word("abc")).Equal(sealcfg.NewSecret(word("xbc"))))

	assert.True(t, sealcfg.NewSecret(7).Equal(sealcfg.NewSecret(7)))
	assert.False(t, sealcfg.NewSecret(7).Equal(sealcfg.NewSecret(8)))
	assert.True(t, sealcfg.NewSecret([]string{"a"}).Equal(sealcfg.NewSecret([]string{"a"})))
	assert.False(t, sealcfg.NewSecret([]string{"a"}).Equal(sealcfg.NewSecret([]string{"b"})))
	now := time.Now()
	assert.True(t, sealcfg.NewSecret(now).Equal(sealcfg.NewSecret(now.UTC())), "the same instant")
	assert.True(t, sealcfg.NewSecret[any]("a").Equal(sealcfg.NewSecret[any]("a")))
	assert.False(t, sealcfg.NewSecret[any]("a").Equal(sealcfg.NewSecret[any](1)))
	assert.True(t, sealcfg.NewSecret[any](nil).Equal(sealcfg.NewSecret[any](nil)))
}

func TestSecretDestroy(t *testing.T) {
	given := []byte(hushed)
	s := sealcfg.NewSecret(given)
	again, exposed := s, s.Expose()
	s.Destroy()
	assert.Equal(t, make([]byte, len(hushed)), given, "the bytes are overwritten")
	assert.Equal(t, hushed, string(exposed), "what was exposed is the caller's")
	for _, s := range []sealcfg.Secret[[]byte]{s, again} {
		assert.False(t, s.IsSet())
		assert.Nil(t, s.Expose())
		assert.Equal(t, "[unset]", s.String())
	}
	s.Destroy()
	sealcfg.Secret[string]{}.Destroy()

	type token []byte
	named := token(hushed)
	sealcfg.NewSecret(named).Destroy()
	assert.Equal(t, make(token, len(hushed)), named)

	text := sealcfg.NewSecret(hushed)
	text.Destroy()
	assert.Empty(t, text.Expose())
	assert.False(t, text.Equal(sealcfg.NewSecret("")))
	array := sealcfg.NewSecret([4]byte{1, 2, 3, 4})
	array.Destroy()
	assert.Zero(t, array.Expose())
}

// A key is either whole or erased, never half zero, whichever goroutine destroys it.
func TestSecretDestroyBesideExpose(t *testing.T) {
	for range 50 {
		s := sealcfg.NewSecret([]byte(strings.Repeat("k", 1000)))
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for {
					b := s.Expose()
					if b == nil {
						return
					}
					if strings.Trim(string(b), "k") != "" || len(b) != 1000 {
						t.Error("torn")
						return
					}
					_, _ = s.IsSet(), s.Equal(s)
				}
			})
		}
		group.Go(s.Destroy)
		group.Wait()
	}
}

func TestSecretUnmarshalText(t *testing.T) {
	var text sealcfg.Secret[string]
	require.NoError(t, text.UnmarshalText([]byte(hushed)))
	assert.Equal(t, hushed, text.Expose())
	var wait sealcfg.Secret[time.Duration]
	require.NoError(t, wait.UnmarshalText([]byte("5s")))
	assert.Equal(t, 5*time.Second, wait.Expose())
	var list sealcfg.Secret[[]string]
	require.NoError(t, list.UnmarshalText([]byte("a, b")))
	assert.Equal(t, []string{"a", "b"}, list.Expose())
	var raw sealcfg.Secret[[]byte]
	require.NoError(t, raw.UnmarshalText([]byte("raw")))
	assert.Equal(t, "raw", string(raw.Expose()))

	number := sealcfg.NewSecret(7)
	for _, bad := range []string{hushed, "[secret]", "[unset]", ""} {
		err := number.UnmarshalText([]byte(bad))
		require.Error(t, err, bad)
		assertHushed(t, fmt.Sprintf("%v %#v", err, err))
		assert.Equal(t, 7, number.Expose(), "as it was")
	}
	require.ErrorContains(t, text.UnmarshalText([]byte("[secret]")), "placeholder")
	var channel sealcfg.Secret[chan int]
	require.ErrorContains(t, channel.UnmarshalText([]byte("x")), "cannot be bound")
}

func TestSecretUnmarshalJSON(t *testing.T) {
	type settings struct {
		Text  sealcfg.Secret[string]
		List  sealcfg.Secret[[]int]
		Ptr   *sealcfg.Secret[bool]
		Unset sealcfg.Secret[string]
	}
	var got settings
	require.NoError(t, json.Unmarshal([]byte(`{"Text":"`+hushed+`","List":[1,2],"Ptr": true,"Unset":null}`), &got))
	assert.Equal(t, hushed, got.Text.Expose())
	assert.Equal(t, []int{1, 2}, got.List.Expose())
	assert.True(t, got.Ptr.Expose())
	assert.False(t, got.Unset.IsSet())

	dump, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Text":"[secret]","List":"[secret]","Ptr":"[secret]","Unset":"[unset]"}`, string(dump))
	require.ErrorContains(t, json.Unmarshal(dump, &got), "placeholder", "a dump is no settings")

	var number sealcfg.Secret[int8]
	for _, bad := range []string{`"` + hushed + `"`, "987654321", "{}"} {
		err := json.Unmarshal([]byte(bad), &number)
		require.Error(t, err)
		assertHushed(t, err.Error())
		assert.NotContains(t, err.Error(), "98765")
		assert.False(t, number.IsSet())
	}
}

func TestSecretIsAFlag(t *testing.T) {
	flags := flag.NewFlagSet("program", flag.ContinueOnError)
	var help strings.Builder
	flags.SetOutput(&help)
	var token sealcfg.Secret[string]
	var pin sealcfg.Secret[int]
	flags.TextVar(&token, "token", sealcfg.NewSecret(hushed), "the `token`")
	flags.TextVar(&pin, "pin", sealcfg.Secret[int]{}, "the `number`")
	flags.PrintDefaults()
	assert.Contains(t, help.String(), "[secret]")
	assertHushed(t, help.String())

	require.NoError(t, flags.Parse([]string{"-token", "given"}))
	assert.Equal(t, "given", token.Expose())
	help.Reset()
	flags.SetOutput(io.Discard)
	require.Error(t, flags.Parse([]string{"-pin", "none"}))
}

func TestSecretComparesByIdentity(t *testing.T) {
	a, b := sealcfg.NewSecret("x"), sealcfg.NewSecret("x")
	again := a
	assert.True(t, a == again)
	assert.False(t, a == b)
	assert.True(t, reflect.DeepEqual(a, again))
	assert.False(t, reflect.DeepEqual(a, b))
	var unset, alsoUnset sealcfg.Secret[string]
	assert.True(t, unset == alsoUnset)
}

func TestSecretIsBoundLikeItsValue(t *testing.T) {
	type inner struct {
		User string
		Pass sealcfg.Secret[string]
	}
	type settings struct {
		Text   sealcfg.Secret[string]
		Bytes  sealcfg.Secret[[]byte]
		Port   sealcfg.Secret[uint16]
		List   []sealcfg.Secret[string]
		Whole  sealcfg.Secret[[]string]
		Ptr    *sealcfg.Secret[string]
		Opt    sealcfg.Secret[*string]
		Def    sealcfg.Secret[int] `default:"7"`
		Group  sealcfg.Secret[inner]
		FromEn sealcfg.Secret[map[string]int]
	}
	got, err := loadYAML[settings](t, "text: "+hushed+"\nbytes: "+hushed+"\nport: 80\nlist: ["+hushed+", b]\nwhole: [x]\nptr: "+hushed+
		"\ngroup: {user: u, pass: "+hushed+"}\n", `APP_FROM_EN={"a": 1}`, "APP_GROUP__USER=from env")
	require.NoError(t, err)
	assert.Equal(t, hushed, got.Text.Expose())
	assert.Equal(t, []byte(hushed), got.Bytes.Expose())
	assert.Equal(t, uint16(80), got.Port.Expose())
	assert.Equal(t, "b", got.List[1].Expose())
	assert.Equal(t, []string{"x"}, got.Whole.Expose())
	assert.Equal(t, hushed, got.Ptr.Expose())
	assert.Nil(t, got.Opt.Expose())
	assert.Equal(t, 7, got.Def.Expose())
	assert.Equal(t, "from env", got.Group.Expose().User)
	assert.Equal(t, hushed, got.Group.Expose().Pass.Expose())
	assert.Equal(t, map[string]int{"a": 1}, got.FromEn.Expose())
	assertHushed(t, fmt.Sprintf("%v %+v %#v", *got, *got, *got))

	_, err = loadYAML[settings](t, "text: 5\nport: "+hushed+"\nlist: [1]\nwhole: x\nbytes: x\n")
	require.Error(t, err)
	assertHushed(t, fmt.Sprintf("%v %#v", err, err))
	assert.Equal(t, []string{
		"text environments/prod.yaml:1:7 expected string, got an encrypted int; add quotes if it is a string",
		"port environments/prod.yaml:2:7 expected uint16, got an encrypted string; remove the quotes",
		"list[0] environments/prod.yaml:3:8 expected string, got an encrypted int; add quotes if it is a string",
		"whole environments/prod.yaml:4:8 expected a list, got an encrypted string",
		"group not set set group in environments/prod.yaml or $APP_GROUP",
		"from_en not set set from_en in environments/prod.yaml or $APP_FROM_EN",
	}, problemsOf(t, err))
}

func TestStructThatEmbedsASecretIsNone(t *testing.T) {
	type settings struct {
		Both struct {
			sealcfg.Secret[string] `cfg:"token"`
			Name                   string
		}
	}
	got, err := loadYAML[settings](t, "both: {token: "+hushed+", name: n}")
	require.NoError(t, err)
	assert.Equal(t, "n", got.Both.Name)
	assert.Equal(t, hushed, got.Both.Expose())
}

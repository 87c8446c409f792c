package sealcfg_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

const (
	hushed    = "canary-4b1d8"
	hushedHex = "63616e6172792d3462316438" // what %x would make of it
)

type holder struct {
	Shown  sealcfg.Secret[string]
	hidden sealcfg.Secret[string]
	deep   []map[string]*sealcfg.Secret[[]byte]
}

func newHolder() holder {
	inner := sealcfg.NewSecret([]byte(hushed))
	return holder{
		Shown: sealcfg.NewSecret(hushed), hidden: sealcfg.NewSecret(hushed),
		deep: []map[string]*sealcfg.Secret[[]byte]{{"k": &inner}},
	}
}

func assertHushed(t *testing.T, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	assert.NotContains(t, lower, hushed)
	assert.NotContains(t, strings.ReplaceAll(lower, " ", ""), hushedHex)
	assert.NotContains(t, lower, "99 97 110 97 114 121", "bytes in decimal")
	assert.NotContains(t, lower, "y2fuyxj5ltrimwq4", "base64")
}

func TestSecretPrintsAsSecret(t *testing.T) {
	s := sealcfg.NewSecret(hushed)
	for _, verb := range strings.Split("%v|%+v|%#v|%s|%q|%+q|%#q|%x|%X|% x|%#x|%d|%5d|%-20s|%b|%o|%t|%c|%U|%e|%g|%f", "|") {
		assert.Equal(t, "[secret]", fmt.Sprintf(verb, s), verb)
		assert.Equal(t, "[secret]", fmt.Sprintf(verb, &s), verb)
	}
	for _, verb := range []string{"%p", "%T", "%w", "%!"} { // fmt calls no method for these
		assertHushed(t, fmt.Sprintf(verb, s))
		assertHushed(t, fmt.Sprintf(verb, &s))
	}
	assert.Equal(t, "[secret]", s.String())
	assert.Equal(t, "[secret]", s.GoString())
	assert.Equal(t, "[secret]", fmt.Sprint(s))
	var zero sealcfg.Secret[string]
	assert.Equal(t, "[secret]", fmt.Sprint(zero))
	assert.Empty(t, zero.Expose())
	assert.Equal(t, hushed, s.Expose())
}

// Every sink gets a struct with a Secret in an exported field, one in an
// unexported field, and one behind a slice, a map and a pointer.
func TestSecretLeaksIntoNoSink(t *testing.T) {
	h := newHolder()
	sinks := map[string]func() (string, error){
		"fmt": func() (string, error) {
			var b strings.Builder
			for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %o %b %t %c %U %g %p") {
				fmt.Fprintf(&b, verb, h)
				fmt.Fprintf(&b, verb, &h)
				fmt.Fprintf(&b, verb, []any{h, h.hidden, &h.hidden, h.deep})
			}
			return b.String(), nil
		},
		"errors": func() (string, error) { return fmt.Errorf("failed: %v: %w", h, errors.New("x")).Error(), nil },
		"log": func() (string, error) {
			var b bytes.Buffer
			log.New(&b, "", 0).Print(h, &h)
			return b.String(), nil
		},
		"slog text": func() (string, error) {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("m", "h", h, "s", h.Shown, "p", &h.Shown, slog.Group("g", "s", h.Shown))
			return b.String(), nil
		},
		"slog json": func() (string, error) {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "h", h, "s", h.Shown, "p", &h.Shown)
			return b.String(), nil
		},
		"json": func() (string, error) {
			b, err := json.Marshal(map[string]any{"h": h, "s": h.Shown, "key": map[sealcfg.Secret[string]]int{h.Shown: 1}})
			return string(b), err
		},
		"xml": func() (string, error) {
			type settings struct {
				Shown sealcfg.Secret[string]
				Attr  sealcfg.Secret[string] `xml:",attr"`
			}
			b, err := xml.Marshal(settings{h.Shown, h.Shown})
			return string(b), err
		},
		"text": func() (string, error) {
			b, err := encoding.TextMarshaler(h.Shown).MarshalText()
			return string(b), err
		},
		"yaml": func() (string, error) {
			v, err := h.Shown.MarshalYAML()
			return fmt.Sprint(v), err
		},
		"text/template": func() (string, error) {
			var b bytes.Buffer
			err := template.Must(template.New("").Parse(`{{.}} {{.Shown}} {{printf "%s %x" .Shown .Shown}}`)).Execute(&b, h)
			return b.String(), err
		},
		"html/template": func() (string, error) {
			var b bytes.Buffer
			err := htmltemplate.Must(htmltemplate.New("").Parse(`<a title="{{.Shown}}">{{.}}</a><script>{{.Shown}}</script>`)).Execute(&b, h)
			return b.String(), err
		},
		"a test's failure": func() (string, error) {
			var rec recorder
			assert.Equal(&rec, h, holder{})
			assert.Equal(&rec, h.Shown, sealcfg.NewSecret("other"))
			assert.Empty(&rec, h)
			assert.Contains(&rec, []holder{h}, 1)
			assert.Nil(&rec, &h)
			return rec.text.String(), nil
		},
		"panic text": func() (text string, err error) {
			defer func() { text = fmt.Sprint(recover()) }()
			panic(fmt.Sprintf("%#v", h))
		},
	}
	for name, sink := range sinks {
		t.Run(name, func(t *testing.T) {
			text, err := sink()
			require.NoError(t, err)
			require.NotEmpty(t, text)
			assertHushed(t, text)
		})
	}
	t.Run("gob refuses", func(t *testing.T) {
		var b bytes.Buffer
		require.Error(t, gob.NewEncoder(&b).Encode(h))
		require.Error(t, gob.NewEncoder(&b).Encode(h.Shown))
		assertHushed(t, b.String())
	})
}

// recorder is a test that collects its failures.
type recorder struct{ text strings.Builder }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(&r.text, format, args...) }

// The reflection walk that dumpers do, following pointers and unexported fields
// as far as reflection reaches.
func TestSecretHidesFromReflection(t *testing.T) {
	h := newHolder()
	var seen strings.Builder
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			seen.WriteString(v.String())
		case reflect.Pointer, reflect.Interface:
			walk(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for it := v.MapRange(); it.Next(); {
				walk(it.Value())
			}
		case reflect.Uint8:
			seen.WriteByte(byte(v.Uint()))
		}
	}
	walk(reflect.ValueOf(h))
	assertHushed(t, seen.String())
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
		"text environments/prod.yaml:1:7 want string, the sealed value is an int; put it in quotes if it is text",
		"port environments/prod.yaml:2:7 want uint16, the sealed value is a str; a number stands without quotes",
		"list[0] environments/prod.yaml:3:8 want string, the sealed value is an int; put it in quotes if it is text",
		"whole environments/prod.yaml:4:8 want a list, the sealed value is a str",
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

package settings_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding"
	"encoding/asn1"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"expvar"
	"fmt"
	"go/ast"
	"go/token"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"text/tabwriter"
	"text/template"
	"unique"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

const (
	hushed    = "canary-4b1d8"
	hushedHex = "63616e6172792d3462316438" // the output of %x
)

type holder struct {
	Shown  sealcfg.Secret[string]
	hidden sealcfg.Secret[string]
	deep   []map[string]*sealcfg.Secret[[]byte]
	Any    any
	Group  sealcfg.Secret[struct{ Password string }]
}

func newHolder() holder {
	inner := sealcfg.NewSecret([]byte(hushed))
	return holder{
		Shown: sealcfg.NewSecret(hushed), hidden: sealcfg.NewSecret(hushed),
		deep:  []map[string]*sealcfg.Secret[[]byte]{{"k": &inner}},
		Any:   &inner,
		Group: sealcfg.NewSecret(struct{ Password string }{hushed}),
	}
}

// assertHushed searches for the canary in plaintext, in hex, in base64 (at each of its three
// alignments), and as a list of bytes.
func assertHushed(t *testing.T, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	assert.NotContains(t, lower, hushed)
	bare := strings.NewReplacer(" ", "", ",", "", "0x", "", `\x`, "", ":", "", "\n", "").Replace(lower)
	assert.NotContains(t, bare, hushedHex, "hex")
	assert.NotContains(t, bare, "99971109711412145", "bytes in decimal")
	for _, form := range []string{"y2fuyxj5ltrimwq4", "nhbmfyes00yjfko", "jyw5hcnktngixzd"} {
		assert.NotContains(t, lower, form, "base64")
	}
}

func TestAssertHushedFinds(t *testing.T) {
	for _, text := range []string{
		"x" + hushed, strings.ToUpper(hushed), fmt.Sprintf("%x", hushed), fmt.Sprintf("% X", hushed), fmt.Sprintf("%#v", []byte(hushed)),
		fmt.Sprint([]byte(hushed)), "Y2FuYXJ5LTRiMWQ4", "eGNhbmFyeS00YjFkOA==", "eHhjYW5hcnktNGIxZDg=",
	} {
		var inner testing.T
		assertHushed(&inner, text)
		assert.True(t, inner.Failed(), text)
	}
}

// leaky is an error that holds a secret.
type leaky struct{ Token sealcfg.Secret[string] }

func (f *leaky) Error() string { return fmt.Sprintf("refused: %v %+v", f.Token, *f) }

// sinks are the ways in which a value can leave a program. Each gets a struct with a Secret in an
// exported field, in an unexported one, in a slice, a map and an interface, behind a pointer, and
// around a struct.
var sinks = map[string]func(h holder) (string, error){
	"fmt verbs": func(h holder) (string, error) {
		var b strings.Builder
		for verb := range strings.FieldsSeq("%v %+v %#v %s %q %x %X %d %o %b %t %c %U %g %p %T %#x %+q") {
			fmt.Fprintf(&b, verb, h)
			fmt.Fprintf(&b, verb, &h)
			fmt.Fprintf(&b, verb, []any{h, h.hidden, &h.hidden, h.deep})
		}
		return b.String(), nil
	},
	"fmt width":  func(h holder) (string, error) { return fmt.Sprintf("%*v %[2]s %-50.3s", 40, h.Shown, h.Shown), nil },
	"fmt append": func(h holder) (string, error) { return string(fmt.Append(nil, h, &h, h.Shown)), nil },
	"fmt wrong": func(h holder) (string, error) {
		format := strings.ReplaceAll("@!z @z @d @d", "@", "%") // vet would reject the format
		return fmt.Sprintf(format, h.Shown, h, h), nil
	},
	"Errorf": func(h holder) (string, error) { return fmt.Errorf("failed: %v: %w", h, errors.New("x")).Error(), nil },
	"errors": func(h holder) (string, error) {
		err := errors.Join(&leaky{h.Shown}, fmt.Errorf("again: %w", &leaky{h.Shown}))
		return fmt.Sprintf("%v %+v %#v", err, err, err), nil
	},
	"log": func(h holder) (string, error) {
		var b bytes.Buffer
		log.New(&b, "", 0).Print(h, &h, h.Shown)
		return b.String(), nil
	},
	"slog text": func(h holder) (string, error) {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "h", h, "s", h.Shown, "p", &h.Shown, slog.Group("g", "s", h.Shown))
		return b.String(), nil
	},
	"slog json": func(h holder) (string, error) {
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "h", h, "s", h.Shown, "p", &h.Shown, "m", map[string]any{"h": &h})
		return b.String(), nil
	},
	"slog with": func(h holder) (string, error) {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).With("h", h).WithGroup("g").Error("m", "err", &leaky{h.Shown})
		return b.String(), nil
	},
	"json": func(h holder) (string, error) {
		b, err := json.Marshal(map[string]any{"h": h, "s": h.Shown, "key": map[sealcfg.Secret[string]]int{h.Shown: 1}})
		return string(b), err
	},
	"json stream": func(h holder) (string, error) {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetIndent("", " ")
		err := e.Encode([]any{&h, h.deep, h.Group})
		return b.String(), err
	},
	"xml": func(h holder) (string, error) {
		type settings struct {
			Shown sealcfg.Secret[string]
			Attr  sealcfg.Secret[string] `xml:",attr"`
			Text  sealcfg.Secret[string] `xml:",chardata"`
			List  []*sealcfg.Secret[[]byte]
		}
		b, err := xml.Marshal(settings{h.Shown, h.Shown, h.Shown, []*sealcfg.Secret[[]byte]{h.deep[0]["k"]}})
		return string(b), err
	},
	"text": func(h holder) (string, error) {
		b, err := encoding.TextMarshaler(h.Shown).MarshalText()
		return string(b), err
	},
	"yaml": func(h holder) (string, error) {
		v, err := h.Shown.MarshalYAML()
		return fmt.Sprint(v), err
	},
	"gob":       func(h holder) (string, error) { return gobRefuses(h) },
	"gob alone": func(h holder) (string, error) { return gobRefuses(h.Shown) },
	"asn1": func(h holder) (string, error) {
		b, err := asn1.Marshal(struct{ S sealcfg.Secret[string] }{h.Shown})
		return fmt.Sprintf("%s %v", b, err), nil
	},
	"binary": func(h holder) (string, error) {
		b, err := binary.Append(nil, binary.LittleEndian, h.Shown)
		return fmt.Sprintf("%s %v", b, err), nil
	},
	"sql": func(h holder) (string, error) {
		return fmt.Sprintf("%v %+v %#v", sql.Named("p", h.Shown), sql.Null[holder]{V: h, Valid: true}, sql.Out{Dest: &h}), nil
	},
	"text/template": func(h holder) (string, error) {
		var b bytes.Buffer
		err := template.Must(template.New("").Parse(
			`{{.}} {{.Shown}} {{printf "%s %x" .Shown .Shown}} {{js .Shown}} {{urlquery .Shown}} {{html .Any}} {{print .Group}}`)).Execute(&b, h)
		return b.String(), err
	},
	"html/template": func(h holder) (string, error) {
		var b bytes.Buffer
		err := htmltemplate.Must(htmltemplate.New("").Parse(
			`<a title="{{.Shown}}" href="/?q={{.Shown}}" style="color: {{.Shown}}">{{.}}</a><script>let x = {{.Shown}}, h = {{.}}</script>`)).Execute(&b, h)
		return b.String(), err
	},
	"template error": func(h holder) (string, error) {
		err := template.Must(template.New("").Parse(`{{index .Shown 1}}`)).Execute(&bytes.Buffer{}, h)
		return fmt.Sprint(err), nil
	},
	"expvar": func(h holder) (string, error) {
		var m expvar.Map
		m.Set("h", expvar.Func(func() any { return h }))
		return m.String(), nil
	},
	"context": func(h holder) (string, error) {
		type key struct{}
		ctx := context.WithValue(context.Background(), key{}, h.Shown)
		return fmt.Sprint(ctx, sealcfg.NewContext(ctx, &h)), nil
	},
	"url": func(h holder) (string, error) {
		return url.Values{"s": {fmt.Sprint(h.Shown)}}.Encode() + url.UserPassword("u", h.Shown.String()).String(), nil
	},
	"tabwriter": func(h holder) (string, error) {
		var b bytes.Buffer
		w := tabwriter.NewWriter(&b, 0, 8, 1, ' ', 0)
		fmt.Fprintln(w, h, "\t", h.Shown)
		err := w.Flush()
		return b.String(), err
	},
	"ast dump": func(h holder) (string, error) { // prints any value by reflection
		var b bytes.Buffer
		err := ast.Fprint(&b, token.NewFileSet(), []any{h, &h, h.Any}, nil)
		return b.String(), err
	},
	"reflection": func(h holder) (string, error) { return reflected(reflect.ValueOf(h)), nil },
	"reflect": func(h holder) (string, error) {
		return reflect.ValueOf(h.Shown).String() + fmt.Sprint(reflect.ValueOf(h)), nil
	},
	"unique": func(h holder) (string, error) {
		return fmt.Sprintf("%v %#v", unique.Make(h.Shown), unique.Make(h.Shown)), nil
	},
	"channel and function": func(h holder) (string, error) {
		c := make(chan holder, 1)
		c <- h
		return fmt.Sprintf("%v %#v %v", c, c, []func() holder{func() holder { return h }}), nil
	},
	"testify equal": func(h holder) (string, error) {
		return testifySays(func(rec *recorder) { assert.Equal(rec, h, holder{}) }), nil
	},
	"testify diff": func(h holder) (string, error) { // spew with all options
		return testifySays(func(rec *recorder) {
			assert.Equal(rec, h.Shown, sealcfg.NewSecret("other"))
			assert.Equal(rec, []holder{h}, []holder{})
			assert.EqualExportedValues(rec, h, holder{})
			assert.ElementsMatch(rec, []holder{h}, []holder{{}})
		}), nil
	},
	"testify rest": func(h holder) (string, error) {
		return testifySays(func(rec *recorder) {
			assert.Empty(rec, h)
			assert.Contains(rec, []holder{h}, 1)
			assert.Nil(rec, &h)
			assert.Zero(rec, h.Shown)
			assert.Len(rec, []holder{h}, 3)
			assert.Same(rec, &h, &holder{})
			assert.IsType(rec, 1, h)
			assert.Fail(rec, fmt.Sprint(h))
		}), nil
	},
	"panic text": func(h holder) (text string, err error) {
		defer func() { text = fmt.Sprint(recover()) }()
		panic(fmt.Sprintf("%#v", h))
	},
}

func gobRefuses(v any) (string, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	if err == nil {
		return "", errors.New("gob has encoded it")
	}
	return b.String() + err.Error(), nil
}

func testifySays(f func(*recorder)) string {
	var rec recorder
	f(&rec)
	return rec.text.String()
}

// recorder is a test that collects its failures.
type recorder struct{ text strings.Builder }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(&r.text, format, args...) }

func (r *recorder) Helper() {}

// reflected walks a value as dumpers do, through pointers and unexported fields.
func reflected(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Pointer, reflect.Interface:
		return "*" + reflected(v.Elem())
	case reflect.Struct:
		text := ""
		for i := range v.NumField() {
			text += reflected(v.Field(i))
		}
		return text
	case reflect.Slice, reflect.Array:
		text := ""
		for i := range v.Len() {
			text += reflected(v.Index(i))
		}
		return text
	case reflect.Map:
		text := ""
		for it := v.MapRange(); it.Next(); {
			text += reflected(it.Key()) + reflected(it.Value())
		}
		return text
	case reflect.Uint8:
		return string([]byte{byte(v.Uint())})
	}
	return v.Kind().String()
}

func TestSecretLeaksIntoNoSink(t *testing.T) {
	require.GreaterOrEqual(t, len(sinks), 25)
	for name, sink := range sinks {
		t.Run(name, func(t *testing.T) {
			text, err := sink(newHolder())
			require.NoError(t, err)
			require.NotEmpty(t, text)
			assertHushed(t, text)
		})
	}
}

// The output of the runtime when a program crashes: values, and the stacks of all goroutines with
// their arguments.
func TestSecretLeaksIntoNoCrash(t *testing.T) {
	if os.Getenv("SEALCFG_TEST_CRASH") != "" {
		h := newHolder()
		go func() { select {} }()
		func(h holder, s sealcfg.Secret[string]) { panic(h) }(h, h.Shown)
	}
	for _, traceback := range []string{"single", "all", "system"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSecretLeaksIntoNoCrash$")
		cmd.Env = append(os.Environ(), "SEALCFG_TEST_CRASH=1", "GOTRACEBACK="+traceback)
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "panic: ")
		require.Contains(t, string(out), "goroutine ")
		assertHushed(t, string(out))
	}
}

// A Secret[string], Secret[[]byte], Secret[int], Secret[struct] in a settings struct, sent through loggers, encoders, dumpers, diffs and copiers.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"expvar"
	"fmt"
	"html/template"
	"log/slog"
	"reflect"
	"runtime/debug"
	"strings"
	ttemplate "text/template"

	"github.com/BurntSushi/toml"
	"github.com/davecgh/go-spew/spew"
	"github.com/fxamacker/cbor/v2"
	"github.com/go-viper/mapstructure/v2"
	gy "github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/k0kubun/pp/v3"
	"github.com/kr/pretty"
	"github.com/rs/zerolog"
	"github.com/sanity-io/litter"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/vmihailenco/msgpack/v5"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg"
)

const canary = "c4n4ry-v4lue"

type Inner struct{ Token string }
type S struct {
	Str   sealcfg.Secret[string]
	Bytes sealcfg.Secret[[]byte]
	Obj   sealcfg.Secret[Inner]
	Opt   sealcfg.Optional[sealcfg.Secret[string]]
	Ptr   *sealcfg.Secret[string]
	List  []sealcfg.Secret[string]
	Map   map[string]sealcfg.Secret[string]
	Name  string
}
type server struct{ cfg S } // unexported
type fakeT struct{ b *bytes.Buffer }

func (f fakeT) Errorf(format string, a ...any) { fmt.Fprintf(f.b, format, a...) }

func main() {
	h, err := sealcfg.New[S](sealcfg.WithoutFiles(), sealcfg.WithEnviron("APP_STR="+canary, "APP_BYTES="+canary, "APP_OBJ__TOKEN="+canary, "APP_OPT="+canary, "APP_PTR="+canary, "APP_LIST="+canary+",b", "APP_MAP=a="+canary, "APP_NAME=n"), sealcfg.WithEnvPrefix("APP_")).Load(context.Background())
	if err != nil {
		panic(err)
	}
	s := *h.Get()
	if s.Str.Expose() != canary || s.Obj.Expose().Token != canary {
		panic("not loaded")
	}
	leaks := 0
	check := func(name, out string, err error) {
		found := ""
		for n, c := range map[string]string{"plain": canary, "b64": base64.StdEncoding.EncodeToString([]byte(canary))[:14], "hex": hex.EncodeToString([]byte(canary)), "ints": "99 52 110", "commaints": "99,52,110"} {
			if strings.Contains(strings.ToLower(out), strings.ToLower(c)) {
				found += " " + n
			}
		}
		if found != "" {
			leaks++
			fmt.Println("LEAK", name, found)
			return
		}
		e := ""
		if err != nil {
			e = err.Error()
		}
		fmt.Printf("ok   %s %s\n", name, e)
	}
	for _, v := range []any{s, &s, server{s}, &server{s}, []any{s}, map[string]any{"x": server{s}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%b", "%t", "%e", "%c", "%U", "%o", "% x", "%-50v", "%!"} {
			out := fmt.Sprintf(verb, v)
			for _, c := range []string{canary, hex.EncodeToString([]byte(canary)), strings.ToUpper(hex.EncodeToString([]byte(canary))), "99 52 110"} {
				if strings.Contains(out, c) {
					leaks++
					fmt.Printf("LEAK fmt %s of %T: %.200s\n", verb, v, out)
				}
			}
		}
	}
	b, err := json.Marshal(s)
	check("json", string(b), err)
	b, err = json.Marshal(map[string]any{"s": server{s}})
	check("json unexported", string(b), err)
	b, err = xml.Marshal(struct{ A sealcfg.Secret[string] }{s.Str})
	check("xml", string(b), err)
	b, err = yaml.Marshal(s)
	check("yaml.v3", string(b), err)
	b, err = gy.Marshal(s)
	check("goccy yaml", string(b), err)
	var buf bytes.Buffer
	err = gob.NewEncoder(&buf).Encode(s)
	check("gob", buf.String(), err)
	buf.Reset()
	err = toml.NewEncoder(&buf).Encode(s)
	check("toml", buf.String(), err)
	b, err = msgpack.Marshal(s)
	check("msgpack", string(b), err)
	b, err = cbor.Marshal(s)
	check("cbor", string(b), err)
	var m map[string]any
	err = mapstructure.Decode(s, &m)
	check("mapstructure", fmt.Sprintf("%v %#v", m, m), err)
	check("spew", spew.Sdump(server{s}), nil)
	check("spew no methods", (&spew.ConfigState{DisableMethods: true, DisablePointerMethods: true, Indent: " "}).Sdump(server{s}), nil)
	check("kr/pretty", pretty.Sprint(server{s}), nil)
	check("pp", pp.Sprint(server{s}), nil)
	check("litter", litter.Sdump(server{s}), nil)
	s2 := s
	s2.Name = "other"
	s2.Str = sealcfg.NewSecret("zzzz")
	func() {
		defer func() {
			if r := recover(); r != nil {
				check("cmp.Diff panic", fmt.Sprint(r), nil)
			}
		}()
		check("cmp.Diff", cmp.Diff(s, s2), nil)
	}()
	func() {
		defer func() {
			if r := recover(); r != nil {
				check("cmp.Diff exporter panic", fmt.Sprint(r), nil)
			}
		}()
		check("cmp.Diff exporter", cmp.Diff(s, s2, cmp.Exporter(func(reflect.Type) bool { return true })), nil)
	}()
	buf.Reset()
	assert.Equal(fakeT{&buf}, server{s}, server{s2})
	check("testify Equal", buf.String(), nil)
	buf.Reset()
	slog.New(slog.NewTextHandler(&buf, nil)).Info("x", "s", s, "p", &s, "srv", server{s}, "str", s.Str)
	slog.New(slog.NewJSONHandler(&buf, nil)).Info("x", "s", s, "p", &s, "srv", server{s}, "str", s.Str)
	check("slog", buf.String(), nil)
	buf.Reset()
	zl := zerolog.New(&buf)
	zl.Info().Interface("s", s).Interface("srv", server{s}).Any("p", &s).Str("x", fmt.Sprint(s.Str)).Stringer("st", s.Str).Msg("x")
	check("zerolog", buf.String(), nil)
	buf.Reset()
	z := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&buf), zap.DebugLevel))
	z.Info("x", zap.Any("s", s), zap.Reflect("srv", server{s}), zap.Any("str", s.Str), zap.Stringer("q", s.Str))
	z.Sugar().Infow("x", "s", s, "p", &s)
	z.Sugar().Infof("%+v %v", s, &s)
	check("zap json", buf.String(), nil)
	buf.Reset()
	z = zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(&buf), zap.DebugLevel))
	z.Sugar().Infow("x", "s", s, "p", &s)
	check("zap console", buf.String(), nil)
	buf.Reset()
	lr := logrus.New()
	lr.Out = &buf
	lr.WithField("s", s).WithField("srv", server{s}).Info("x")
	lr.Formatter = &logrus.JSONFormatter{}
	lr.WithField("s", s).WithField("srv", server{s}).Info("x")
	check("logrus", buf.String(), nil)
	buf.Reset()
	err = ttemplate.Must(ttemplate.New("").Parse("{{.}} {{.Str}} {{printf \"%s\" .Str}} {{len .List}} {{.Obj}}")).Execute(&buf, s)
	check("text/template", buf.String(), err)
	buf.Reset()
	err = template.Must(template.New("").Parse("<script>var a={{.}}; var b={{.Str}}</script><a href='{{.Str}}'>")).Execute(&buf, s)
	check("html/template", buf.String(), err)
	buf.Reset()
	err = ttemplate.Must(ttemplate.New("").Parse("{{.Str.Expose}}")).Execute(&buf, s)
	fmt.Println("text/template .Str.Expose gives the value (by design):", buf.String() == canary, err)
	ev := expvar.Func(func() any { return s })
	check("expvar", ev.String(), nil)
	func() {
		defer func() { check("panic(settings)", fmt.Sprint(recover())+string(debug.Stack()), nil) }()
		panic(fmt.Sprintf("%+v", server{s}))
	}()
	check("errors wrap", fmt.Errorf("bad: %v %+v", s, server{s}).Error(), nil)
	buf.Reset()
	_ = h.Explain(&buf)
	check("Explain", buf.String(), nil)
	// reflection walk without methods
	var walk func(v reflect.Value, d int) string
	walk = func(v reflect.Value, d int) string {
		if d > 12 {
			return ""
		}
		switch v.Kind() {
		case reflect.String:
			return v.String() + " "
		case reflect.Struct:
			o := ""
			for i := range v.NumField() {
				o += walk(v.Field(i), d+1)
			}
			return o
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				return walk(v.Elem(), d+1)
			}
		case reflect.Slice, reflect.Array:
			o := ""
			for i := range v.Len() {
				if v.Index(i).Kind() == reflect.Uint8 {
					o += string(rune(v.Index(i).Uint()))
				} else {
					o += walk(v.Index(i), d+1)
				}
			}
			return o
		case reflect.Map:
			o := ""
			for _, k := range v.MapKeys() {
				o += walk(v.MapIndex(k), d+1)
			}
			return o
		}
		return ""
	}
	check("reflect walk", walk(reflect.ValueOf(server{s}), 0), nil)
	fmt.Println("leaks:", leaks)
}

package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp/syntax"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
)

// The canary is part of every value in the tests below, numbers included.
const canary = "7310931"

// words are values that few types accept.
var canaryValues = map[string]string{
	"text":     "canary" + canary,
	"int":      canary,
	"large":    "7310931731093173109317310931",
	"float":    canary + ".5",
	"exponent": "7310931e999",
	"quoted":   `"7310931"`,
	"negative": "-" + canary,
	"list":     "[x7310931, x7310931, x7310931, x7310931]",
	"map":      "{k: x7310931}",
	"json":     `'[{"a": "7310931"'`,
	"url":      `"http://7310931 7310931/%zz"`,
	"regexp":   `"7310931("`,
	"date":     "7310931-01-01",
	"lines":    `"x7310931\n7310931"`,
}

// everyName lists the names of everyKind, except for groups with their own names.
func everyName(t *testing.T) []string {
	t.Helper()
	_, err := sealcfg.Load[everyKind](t.Context(), sealcfg.WithoutFiles(), sealcfg.WithEnviron())
	require.NoError(t, err)
	return strings.Fields(`str named bytes bool int int8 uint16 uint64 float32 complex duration time month zone url addr prefix
		regexp level big_int big_float big_rat json any list lists array map int_keys text_keys struct structs struct_map pointer
		optional opt_group secret secret_list secret_ints secret_opt shouting odd host_port file dir union unions tree explicit region default
		port missing`)
}

// assertNoCanary searches every printable form of an error for the canary.
func assertNoCanary(t *testing.T, err error) {
	t.Helper()
	seen := 0
	var walk func(err error, own bool)
	walk = func(err error, own bool) {
		if err == nil {
			return
		}
		seen++
		asJSON, jsonErr := json.Marshal(err)
		require.NoError(t, jsonErr)
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Error("x", "err", err)
		slog.New(slog.NewJSONHandler(&log, nil)).Error("x", "err", err)
		for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %q %s %x", err, err, err, err, err, err), string(asJSON), log.String()} {
			require.NotContains(t, text, canary)
		}
		if p, ok := err.(*sealcfg.Problem); ok {
			require.NotContains(t, fmt.Sprintf("%+v %#v", *p, *p), canary)
		}
		for _, found := range foundByType(err) {
			require.NotContains(t, found.Error(), canary)
		}
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			walk(u.Unwrap(), false)
		case interface{ Unwrap() []error }:
			for _, e := range u.Unwrap() {
				walk(e, false)
			}
		}
	}
	walk(err, true)
	require.Positive(t, seen)
}

// foundByType returns the errors that a reporter finds in a chain by their type or methods.
func foundByType(err error) (found []error) {
	ask := func(target any) {
		if errors.As(err, target) {
			found = append(found, reflect.ValueOf(target).Elem().Interface().(error))
		}
	}
	ask(new(*strconv.NumError))
	ask(new(*time.ParseError))
	ask(new(*url.Error))
	ask(new(*json.SyntaxError))
	ask(new(*json.UnmarshalTypeError))
	ask(new(*net.ParseError))
	ask(new(*net.AddrError))
	ask(new(*fs.PathError))
	ask(new(*syntax.Error))
	ask(new(*shoutingError))
	ask(new(error))
	ask(new(interface {
		error
		Timeout() bool
	}))
	ask(new(interface {
		error
		Unwrap() error
	}))
	return found
}

func TestNoCanaryInProblemsOfValues(t *testing.T) {
	names := everyName(t)
	for kind, value := range canaryValues {
		t.Run(kind, func(t *testing.T) {
			var yaml strings.Builder
			var environ, args []string
			for _, n := range names {
				fmt.Fprintf(&yaml, "%s: %s\n", n, value)
				text := strings.Trim(value, `'"`)
				environ = append(environ, "APP_"+strings.ToUpper(n)+"="+text)
				args = append(args, "--"+strings.ReplaceAll(n, "_", "-")+"="+text)
			}
			var problems *sealcfg.Error
			check := func(source string, err error) {
				require.ErrorAs(t, err, &problems, source)
				require.Greater(t, len(problems.Problems), 15, source)
				assertNoCanary(t, err)
			}
			_, err := loadYAML[everyKind](t, yaml.String())
			check("file", err)
			_, err = fromVariables[everyKind](t, environ...)
			check("variables", err)

			l := sealcfg.New[everyKind](sealcfg.WithoutFiles(), sealcfg.WithEnviron())
			fs := flag.NewFlagSet("x", flag.ContinueOnError)
			fs.SetOutput(io.Discard)
			require.NoError(t, sealcfg.Flags(l, fs.Var))
			for _, a := range args {
				if name, text, _ := strings.Cut(strings.TrimPrefix(a, "--"), "="); fs.Lookup(name) != nil {
					require.NoError(t, fs.Set(name, text))
				}
			}
			_, err = l.Load(t.Context())
			check("flags", err)

			var sets []sealcfg.Option
			for _, n := range names {
				sets = append(sets, sealcfg.Set(n, strings.Trim(value, `'"`)))
			}
			_, err = sealcfg.Load[everyKind](t.Context(), append(sets, sealcfg.WithoutFiles(), sealcfg.WithEnviron())...)
			check("set", err)
		})
	}
}

func TestNoCanaryFromMoreSources(t *testing.T) {
	names := everyName(t)
	var lines, ini, toml strings.Builder
	dir := t.TempDir()
	for _, n := range names {
		fmt.Fprintf(&lines, "%s=x%s\n", strings.ToUpper(n), canary)
		fmt.Fprintf(&ini, "%s = x%s\n", n, canary)
		fmt.Fprintf(&toml, "%s = 'x%s'\n", n, canary)
		require.NoError(t, os.WriteFile(filepath.Join(dir, n), []byte("x"+canary), 0o600))
	}
	object := map[string]string{}
	for _, n := range names {
		object[n] = "x" + canary
	}
	asJSON, err := json.Marshal(object)
	require.NoError(t, err)
	plain := func(name, text string) []sealcfg.Option {
		fsys := fstest.MapFS{"environments/" + name: {Data: []byte(text)}}
		return append(options(t, fsys), sealcfg.AllowPlain("prod"))
	}
	alone := func(o ...sealcfg.Option) []sealcfg.Option {
		return append(o, sealcfg.WithoutFiles(), sealcfg.WithEnviron())
	}
	for name, opts := range map[string][]sealcfg.Option{
		"dotenv":        plain("prod.env", lines.String()),
		"ini":           plain("prod.ini", ini.String()),
		"toml":          plain("prod.toml", toml.String()),
		"json":          plain("prod.json", string(asJSON)),
		"broken yaml":   plain("prod.yaml", "str: x"+canary+"\nint: [x"+canary+"\nbool: }"),
		"tab in yaml":   plain("prod.yaml", "str:\n\tx"+canary+": 1"),
		"double yaml":   plain("prod.yaml", "str: x"+canary+"\nstr: x"+canary+"\n"),
		"alias in yaml": plain("prod.yaml", "str: *none\nint: x"+canary),
		"broken json":   plain("prod.json", `{"str": "x`+canary+`", "int": x`+canary+`}`),
		"broken dotenv": plain("prod.env", "x"+canary+"\n"),
		"broken ini":    plain("prod.ini", "[x\n"+"x"+canary),
		"broken toml":   plain("prod.toml", "str = x"+canary),
		"no map":        plain("prod.yaml", "- x"+canary),
		"documents":     plain("prod.yaml", "str: x"+canary+"\n---\nstr: x"+canary+"\n"),
		"not sealed":    options(t, fstest.MapFS{"environments/prod.yaml": {Data: []byte("str: x" + canary)}}),
		"secrets":       alone(sealcfg.WithSecretsDir(dir)),
		"variables": alone(sealcfg.WithVariables("x", func(context.Context) ([]string, error) {
			return strings.Split(lines.String(), "\n"), nil
		})),
		"source": alone(sealcfg.WithSource(reads(func(r *sealcfg.Reading) error {
			return r.SetJSON("", string(asJSON), sealcfg.Origin{Place: "x"})
		}))),
		"source, no JSON": alone(sealcfg.WithSource(reads(func(r *sealcfg.Reading) error {
			return r.SetJSON("", string(asJSON)+canary, sealcfg.Origin{Place: "x"})
		}))),
		"source, no object": alone(sealcfg.WithSource(reads(func(r *sealcfg.Reading) error {
			return r.SetJSON("", `["`+canary+`"]`, sealcfg.Origin{Place: "x"})
		}))),
		"source, texts": alone(sealcfg.WithSource(reads(func(r *sealcfg.Reading) error {
			for _, n := range names {
				if err := r.Set(n, "x"+canary, sealcfg.Origin{Place: "x"}); err != nil {
					return err
				}
			}
			return nil
		}))),
		"set what has no text": alone(sealcfg.Set("str", struct{ s string }{canary})),
		"set what fails":       alone(sealcfg.Set("str", failing{})),
		"set map keys":         alone(sealcfg.Set("map", map[int]string{1: canary})),
		"identity text":        {sealcfg.WithIdentityText("AGE-SECRET-KEY-1X" + canary), sealcfg.WithEnv("prod")},
		"no identity text":     {sealcfg.WithIdentityText("x" + canary), sealcfg.WithEnv("prod")},
		"strict":               append(alone(sealcfg.WithEnvPrefix("APP_"), sealcfg.Strict()), sealcfg.WithEnviron("APP_STRR=x"+canary)),
		"item with a gap":      append(alone(sealcfg.WithEnvPrefix("APP_")), sealcfg.WithEnviron("APP_LIST__5="+canary, "APP_LIST__0=1")),
		"both names":           plain("prod.yaml", "port: 2000\nuint16: 7310931"),
		"resolver":             append(plain("prod.yaml", "int: ref+x://a#b\nstr: ref+x://a#c\nurl: ref+x://a"), sealcfg.WithResolver(resolves{})),
		"validation": alone(sealcfg.Set("str", "x"+canary), sealcfg.WithValidation(func(settings any) error {
			return &sealcfg.FieldError{Field: "Str", Reason: "must be another one"}
		})),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sealcfg.Load[everyKind](t.Context(), opts...)
			require.Error(t, err)
			assertNoCanary(t, err)
		})
	}
}

func TestNoCanaryFromFilesThatDoNotOpen(t *testing.T) {
	sealed := seal(t, "str: x"+canary+"\nint: "+canary+"\n")
	require.NotContains(t, string(sealed), canary)
	other, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	line := strings.Index(string(sealed), "data:")
	require.Positive(t, line)
	tampered := []byte(string(sealed[:line+6]) + "AAAA" + string(sealed[line+10:]))
	swapped := strings.Replace(strings.Replace(string(sealed), "str:", "tmp:", 1), "int:", "str:", 1)
	for name, c := range map[string]struct {
		data     []byte
		identity string
		want     error
	}{
		"wrong identity": {sealed, other.String(), nil},
		"tampered":       {tampered, demoKey(t), envfile.ErrIntegrity},
		"renamed":        {[]byte(strings.Replace(swapped, "tmp:", "int:", 1)), demoKey(t), envfile.ErrIntegrity},
		"cut off":        {sealed[:len(sealed)/2], demoKey(t), nil},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"environments/prod.yaml": {Data: c.data}}
			_, err := sealcfg.Load[everyKind](t.Context(), sealcfg.WithEnv("prod"), sealcfg.WithFS(fsys, "environments"),
				sealcfg.WithIdentityText(c.identity), sealcfg.WithEnviron())
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			assertNoCanary(t, err)
			assert.NotContains(t, err.Error(), strings.TrimSpace(c.identity))
		})
	}
}

// reads is a source that consists of one function.
type reads func(*sealcfg.Reading) error

func (reads) Name() string { return "reads" }

func (f reads) Read(_ context.Context, r *sealcfg.Reading) error { return f(r) }

type failing struct{}

func (failing) MarshalText() ([]byte, error) { return nil, errors.New(canary) }

type resolves struct{}

func (resolves) Schemes() []string { return []string{"x"} }

func (resolves) Resolve(context.Context, sealcfg.Reference) (string, error) {
	return `{"b": "x` + canary + `"}`, nil
}

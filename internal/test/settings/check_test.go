package settings_test

import (
	"log/slog"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// problems loads a T from YAML and returns the lines of its problems, or none.
func problems[T any](t *testing.T, yaml string) []string {
	t.Helper()
	_, err := loadYAML[T](t, yaml)
	if err == nil {
		return nil
	}
	return problemsOf(t, err)
}

// accepts and rejects load a T with a field V.
func accepts[T any](yaml ...string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		for _, text := range yaml {
			assert.Empty(t, problems[T](t, "v: "+text), text)
		}
	}
}

func rejects[T any](want string, yaml ...string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		for _, text := range yaml {
			assert.Equal(t, []string{"v environments/prod.yaml:1:4 " + want}, problems[T](t, "v: "+text), text)
		}
	}
}

type (
	mode struct {
		V string `oneof:"dev prod"`
	}
	levelOf struct {
		V slog.Level `oneof:"info,warn"`
	}
	oneNumber struct {
		V int8 `oneof:"1 2"`
	}
	interval struct {
		V time.Duration `min:"1s" max:"1h"`
	}
	since struct {
		V time.Time `min:"2026-01-01T00:00:00Z"`
	}
	percent struct {
		V int `min:"0" max:"100"`
	}
	ports struct {
		V uint16 `min:"1024"`
	}
	ratio struct {
		V float64 `max:"0.5"`
	}
	bigInt struct {
		V *big.Int `min:"5" oneof:"6 7"`
	}
	bigFloat struct {
		V *big.Float `max:"1.5"`
	}
	bigRat struct {
		V big.Rat `max:"3/4"`
	}
	password struct {
		V sealcfg.Secret[string] `min:"8"`
	}
	pin struct {
		V sealcfg.Optional[sealcfg.Secret[*string]] `len:"4" pattern:"^[0-9]+$"`
	}
	initial struct {
		V string `len:"1"`
	}
	blob struct {
		V []byte `max:"3"`
	}
	some struct {
		V []string `min:"1" max:"2" oneof:"a b"`
	}
	three struct {
		V map[string]int `len:"3" oneof:"1 2"`
	}
	tagsOf struct {
		V [][]string `pattern:"^x"`
	}
	homepage struct {
		V string `check:"url"`
	}
	parsed struct {
		V *url.URL `check:"url" pattern:"^https:"`
	}
	address struct {
		V string `check:"email"`
	}
	listen struct {
		V string `check:"hostport"`
	}
	file struct {
		V string `check:"file"`
	}
	dir struct {
		V []byte `check:"dir"`
	}
)

func TestChecks(t *testing.T) {
	tmp := t.TempDir()
	path := filepath.Join(tmp, "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	for name, test := range map[string]func(*testing.T){
		"oneof":            accepts[mode](`dev`, `prod`),
		"oneof not":        rejects[mode]("must be one of dev, prod", `test`, `""`, `Dev`, `"dev prod"`),
		"oneof level":      accepts[levelOf](`INFO`, `warn`, `info+0`),
		"oneof level not":  rejects[levelOf]("must be one of info, warn", `debug`),
		"oneof number":     accepts[oneNumber](`1`, `0x2`),
		"oneof number not": rejects[oneNumber]("must be one of 1, 2", `3`),
		"duration":         accepts[interval](`1s`, `60m`),
		"duration low":     rejects[interval]("must be at least 1s", `999ms`),
		"duration high":    rejects[interval]("must be at most 1h", `2h`),
		"time":             accepts[since](`2026-01-01T00:00:00Z`),
		"time low":         rejects[since]("must be at least 2026-01-01T00:00:00Z", `2025-12-31T23:59:59Z`),
		"int":              accepts[percent](`0`, `100`),
		"int low":          rejects[percent]("must be at least 0", `-1`),
		"int high":         rejects[percent]("must be at most 100", `101`),
		"uint low":         rejects[ports]("must be at least 1024", `80`),
		"float":            accepts[ratio](`0.5`, `-1`),
		"float high":       rejects[ratio]("must be at most 0.5", `0.51`, `.nan`, `.inf`),
		"big":              accepts[bigInt](`6`),
		"big low":          rejects[bigInt]("must be at least 5", `4`),
		"big oneof":        rejects[bigInt]("must be one of 6, 7", `8`),
		"big float":        accepts[bigFloat](`1.5`, `-2`),
		"big float high":   rejects[bigFloat]("must be at most 1.5", `1.6`, `"+Inf"`),
		"big rat":          accepts[bigRat](`0.75`),
		"big rat high":     rejects[bigRat]("must be at most 3/4", `4/5`),
		"runes":            accepts[password](`pässwörd`),
		"runes few":        rejects[password]("must be at least 8 characters long", `pässwör`),
		"optional":         accepts[pin](`"0123"`, `~`),
		"optional length":  rejects[pin]("must be exactly 4 characters long", `"012"`),
		"optional pattern": rejects[pin]("must match ^[0-9]+$", `abcd`),
		"one rune":         accepts[initial](`ä`),
		"one rune not":     rejects[initial]("must be exactly 1 character long", `äb`, `""`),
		"bytes":            accepts[blob](`abc`),
		"bytes many":       rejects[blob]("must be at most 3 bytes long", `aäb`),
		"entries":          accepts[some](`[a]`, `[b, a]`),
		"entries few":      rejects[some]("must have at least 1 entry", `[]`),
		"entries many":     rejects[some]("must have at most 2 entries", `[a, b, a]`),
		"map":              accepts[three](`{a: 1, b: 2, c: 1}`),
		"map len":          rejects[three]("must have exactly 3 entries", `{}`),
		"url":              accepts[homepage](`https://example.com`, `postgres://u:p@h/db`),
		"url not":          rejects[homepage]("must be a URL with scheme and host", `example.com`, `/a`, `http://`, `"http://a b"`, `mailto:x@example.com`),
		"parsed url":       accepts[parsed](`https://example.com`, `~`),
		"parsed url not":   rejects[parsed]("must match ^https:", `http://example.com`),
		"email":            accepts[address](`a.b+c@example.com`, `a@localhost`),
		"email not":        rejects[address]("must be an email address", `a`, `"a@"`, `Ann <a@example.com>`, `a@b@c`, `"a@b\nc"`),
		"hostport":         accepts[listen](`":8080"`, `localhost:80`, `"[::1]:80"`, `10.0.0.1:0`, `example.com:65535`),
		"hostport not":     rejects[listen]("must be host:port", `localhost`, `localhost:http`, `localhost:65536`, `"::1:80"`, `"[]:1"`, `"[::1:1"`, `a/b:1`, `"localhost:"`),
		"file":             accepts[file](path),
		"file not":         rejects[file]("must be an existing file", tmp, `/no/such/file`),
		"dir":              accepts[dir](tmp),
		"dir not":          rejects[dir]("must be an existing directory", path),
	} {
		t.Run(name, test)
	}
	assert.Equal(t, []string{"v[1] environments/prod.yaml:3:3 must be one of a, b"}, problems[some](t, "v:\n- a\n- c"))
	assert.Equal(t, []string{"v.b environments/prod.yaml:3:6 must be one of 1, 2"}, problems[three](t, "v:\n  a: 1\n  b: 3\n  c: 1"))
	assert.Equal(t, []string{"v[1][0] environments/prod.yaml:3:5 must match ^x"}, problems[tagsOf](t, "v:\n- - xa\n- - ax\n"))

	_, err := loadYAML[some](t, "v: [a, a]", "APP_V__1=c")
	assert.Equal(t, []string{"v[1] $APP_V__1 must be one of a, b"}, problemsOf(t, err))
	var p *sealcfg.Problem
	require.ErrorAs(t, err, &p)
	assert.Equal(t, sealcfg.KindInvalid, p.Kind)
}

type checkedFirst struct {
	N     int `min:"1"`
	asked bool
}

func (c *checkedFirst) Validate() error {
	if c.N < 1 {
		panic("asked before the checks")
	}
	c.asked = true
	return nil
}

func TestChecksComeBeforeValidate(t *testing.T) {
	_, err := loadYAML[checkedFirst](t, "n: 0")
	assert.Equal(t, []string{"n environments/prod.yaml:1:4 must be at least 1"}, problemsOf(t, err))
	got, err := loadYAML[checkedFirst](t, "n: 1")
	require.NoError(t, err)
	assert.True(t, got.asked)
}

func TestUnsetIsNotChecked(t *testing.T) {
	type settings struct {
		A string                   `cfg:",optional" min:"1"`
		B *int                     `min:"1"`
		C sealcfg.Optional[string] `check:"url"`
		D []string                 `cfg:",optional" min:"1"`
		E string                   `default:"/no/such/file" check:"file" cfg:",optional"`
	}
	_, err := loadYAML[settings](t, "e: "+t.TempDir())
	assert.Equal(t, []string{"e environments/prod.yaml:1:4 must be an existing file"}, problemsOf(t, err))
	_, err = loadYAML[settings](t, "{}")
	assert.Equal(t, []string{"e default must be an existing file"}, problemsOf(t, err), "the disk is looked at when settings are loaded")
}

func typeError[T any](t *testing.T) string {
	t.Helper()
	// The environment does not exist, so this is found before any file is read.
	_, err := sealcfg.Load[T](t.Context(), sealcfg.WithEnv("none"), sealcfg.WithDir(t.TempDir()))
	require.Error(t, err)
	return err.Error()
}

func TestTagsThatAreWrong(t *testing.T) {
	for want, got := range map[string]string{
		`field V: its pattern tag: error parsing regexp`: typeError[struct {
			V string `pattern:"("`
		}](t),
		`field V: its min tag does not apply to bool`: typeError[struct {
			V bool `min:"1"`
		}](t),
		`field V: its max tag does not apply to interface {}`: typeError[struct {
			V any `max:"1"`
		}](t),
		`field V: its max tag does not apply to [2]int`: typeError[struct {
			V [2]int `max:"1"`
		}](t),
		`field V: its len tag does not apply to int`: typeError[struct {
			V int `len:"1"`
		}](t),
		`field V: its min tag is not a whole number`: typeError[struct {
			V int `min:"1.5"`
		}](t),
		`field V: its max tag is not a duration`: typeError[struct {
			V time.Duration `max:"5"`
		}](t),
		`field V: its len tag is not a count`: typeError[struct {
			V string `len:"-1"`
		}](t),
		`field V: its min tag is above its max tag`: typeError[struct {
			V []int `min:"3" max:"2"`
		}](t),
		`field V: its oneof tag has a word that is not a valid int`: typeError[struct {
			V []int `oneof:"1 x"`
		}](t),
		`field V: its oneof tag requires a single value`: typeError[struct {
			V one `oneof:"1 x"`
		}](t),
		`field V: its pattern or check tag requires a string, not int`: typeError[struct {
			V int `pattern:"x"`
		}](t),
		`field V: its check tag: unknown check "urls"`: typeError[struct {
			V string `check:"urls"`
		}](t),
		`field V: its default tag: must be one of a, b`: typeError[struct {
			V string `oneof:"a b" default:"c"`
		}](t),
		`field V: its default tag: must be at least 1s`: typeError[struct {
			V *time.Duration `min:"1s" default:"1ms"`
		}](t),
		`field W: its default tag: must match ^x`: typeError[struct {
			V []struct {
				W []string `pattern:"^x" default:"xa,b"`
			}
		}](t),
		`field V: "required" in its env tag is not a variable`: typeError[struct {
			V string `env:"PORT,required"`
		}](t),
		`field V: "default=5" in its env tag is not a variable`: typeError[struct {
			V int `env:"PORT, default=5"`
		}](t),
		`field v has the tag env but is not exported`: typeError[struct {
			v string `env:"PORT"`
		}](t),
		`field v has the tag default but is not exported`: typeError[struct {
			v string `default:"x"`
		}](t),
		`an inlined struct cannot be optional or have a default or checks`: typeError[struct {
			V one `yaml:",inline" min:"1"`
		}](t),
	} {
		assert.Contains(t, got, want)
	}
}

package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/getsops/sops/v3/decrypt"
	"github.com/ilyakaznacheev/cleanenv"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/viper"
	"gopkg.in/yaml.v3"

	"github.com/go-viper/mapstructure/v2"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

var (
	sideFile   = flag.String("side", "", "measure the libraries side by side and write what they took to `FILE`")
	sideRounds = flag.Int("rounds", 25, "of -side: how many `rounds`")
)

// turn is how long each library works before the next one. The garbage collector runs many times in
// a turn.
const turn = 100 * time.Millisecond

// A library is one way to load the settings, or a part of the work that all of them do.
type library[T any] struct {
	name string
	load func() (*T, error)
}

// binders read a plain YAML text and fill a T.
func binders[T any](text func() ([]byte, error)) []library[T] {
	with := func(name string, bind func([]byte, *T) error) library[T] {
		return library[T]{name, func() (*T, error) {
			src, err := text()
			if err != nil {
				return nil, err
			}
			s := new(T)
			return s, bind(src, s)
		}}
	}
	return []library[T]{
		with("yaml.v3", func(src []byte, s *T) error { return yaml.Unmarshal(src, s) }),
		with("koanf", func(src []byte, s *T) error {
			k := koanf.New(".")
			if err := k.Load(rawbytes.Provider(src), koanfyaml.Parser()); err != nil {
				return err
			}
			return k.UnmarshalWithConf("", s, koanf.UnmarshalConf{Tag: "yaml"})
		}),
		with("viper", func(src []byte, s *T) error {
			v := viper.New()
			v.SetConfigType("yaml")
			if err := v.ReadConfig(bytes.NewReader(src)); err != nil {
				return err
			}
			return v.Unmarshal(s, func(c *mapstructure.DecoderConfig) { c.TagName = "yaml" })
		}),
		with("cleanenv", func(src []byte, s *T) error {
			if err := cleanenv.ParseYAML(bytes.NewReader(src), s); err != nil {
				return err
			}
			return cleanenv.ReadEnv(s)
		}),
	}
}

// TestSideBySide measures libraries in turns, so that other load affects all of them alike. Each
// turn begins with an empty heap, so that no library pays for the garbage of another.
func TestSideBySide(t *testing.T) {
	var all []sideResult
	rounds := *sideRounds
	if *sideFile == "" {
		rounds = 0 // verifies only that they load the same settings
	}
	hundred := []byte(generate(100, 0))
	measure := func(name string, of func(*testing.T) sideResult) {
		t.Run(name, func(t *testing.T) {
			r := of(t)
			r.Name = name
			all = append(all, r)
		})
	}
	measure(bind100, func(t *testing.T) sideResult { return sideBind[services](t, hundred, rounds) })
	measure(bind1000, func(t *testing.T) sideResult { return sideBind[thousand](t, thousandText(), rounds) })
	measure(load100, func(t *testing.T) sideResult { return sideLoad[services](t, hundred, rounds) })
	measure(load1000, func(t *testing.T) sideResult { return sideLoad[thousand](t, thousandText(), rounds) })
	if *sideFile == "" || t.Failed() {
		return
	}
	out, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*sideFile, out, 0o644); err != nil {
		t.Fatal(err)
	}
}

func sideBind[T any](t *testing.T, text []byte, rounds int) sideResult {
	plain := binders[T](func() ([]byte, error) { return text, nil })
	ours := library[T]{"sealcfg", func() (*T, error) { return bindPlain[T](t, text), nil }}
	return sideBySide(t, "yaml.v3", append([]library[T]{ours}, plain...), nil, rounds)
}

func sideLoad[T any](t *testing.T, text []byte, rounds int) sideResult {
	d, err := envfile.Parse(envfile.YAML, text)
	if err != nil {
		t.Fatal(err)
	}
	sealed, opened, err := envfile.Seal(t.Context(), d, envfile.Rules{}, demoRecipients(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "prod.yaml")
	if err := os.WriteFile(path, sealed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []library[T]{{"sealcfg", func() (*T, error) {
		return sealcfg.Load[T](t.Context(), sealcfg.WithDir(dir), sealcfg.WithEnv("prod"))
	}}}
	for _, l := range binders[T](func() ([]byte, error) {
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return decrypt.Data(src, "yaml")
	}) {
		l.name = "sops + " + l.name
		all = append(all, l)
	}
	floor := sealedFloor(t, path, sealed, opened)
	return sideBySide(t, floorName, all, []part{{floorName, floor}, {partsName, func() error {
		var doc yaml.Node
		return errors.Join(floor(), yaml.Unmarshal(sealed.Bytes(), &doc))
	}}}, rounds)
}

// A part of the work is measured like the libraries, but loads no settings.
type part struct {
	name string
	do   func() error
}

// sealedFloor returns the unavoidable work of loading an encrypted file: reading it, unwrapping one
// data key, and decrypting and hashing each value.
func sealedFloor(t *testing.T, path string, sealed *envfile.Sealed, opened *envfile.Opened) func() error {
	ids, err := keys.ParseAgeIdentities(demoIdentity)
	if err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, 32) // as in the format
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, 32)
	var values []string
	for _, n := range opened.Roots()[0].Leaves() {
		values = append(values, base64.StdEncoding.EncodeToString(gcm.Seal(nil, nonce, []byte(n.Text), nil)))
	}
	return func() error {
		if _, err := os.ReadFile(path); err != nil {
			return err
		}
		if err := sealed.Unwraps(t.Context(), ids...); err != nil {
			return err
		}
		hash := sha512.New()
		for _, v := range values {
			sealed, err := base64.StdEncoding.DecodeString(v)
			if err != nil {
				return err
			}
			text, err := gcm.Open(sealed[:0], nonce, sealed, nil)
			if err != nil {
				return err
			}
			hash.Write(text)
		}
		hash.Sum(nil)
		return nil
	}
}

// sideBySide first verifies that all libraries load the same settings. base is the library or part
// that the others are compared with.
func sideBySide[T any](t *testing.T, base string, all []library[T], parts []part, rounds int) sideResult {
	t.Helper()
	r := sideResult{Base: base}
	var work []func() error
	var want *T
	for _, l := range all {
		got, err := l.load()
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) || reflect.ValueOf(want).Elem().IsZero() {
			t.Fatalf("%s loads other settings than %s", l.name, all[0].name)
		}
		r.Libraries = append(r.Libraries, l.name)
		work = append(work, func() error { _, err := l.load(); return err })
	}
	for _, p := range parts {
		r.Libraries, work = append(r.Libraries, p.name), append(work, p.do)
	}
	for range rounds {
		micros := make([]float64, len(work))
		for i, w := range work {
			took, err := cpuOf(w)
			if err != nil {
				t.Fatalf("%s: %v", r.Libraries[i], err)
			}
			micros[i] = float64(took) / float64(time.Microsecond)
		}
		r.Rounds = append(r.Rounds, micros)
	}
	return r
}

// cpuOf returns the processor time of one call, including the garbage collector. It averages over
// the calls of one turn.
func cpuOf(work func() error) (time.Duration, error) {
	runtime.GC()
	start, calls := cpuTime(), 0
	for cpuTime()-start < turn {
		if err := work(); err != nil {
			return 0, err
		}
		calls++
	}
	return (cpuTime() - start) / time.Duration(calls), nil
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // RUSAGE_SELF is always allowed
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/getsops/sops/v3/decrypt"
	"github.com/getsops/sops/v3/logging"
	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// services is the type that a program would use for generate(100): settings by service name. Both
// libraries fill it.
type services struct {
	S0 service `yaml:"service_0000"`
	S1 service `yaml:"service_0001"`
	S2 service `yaml:"service_0002"`
	S3 service `yaml:"service_0003"`
	S4 service `yaml:"service_0004"`
	S5 service `yaml:"service_0005"`
	S6 service `yaml:"service_0006"`
	S7 service `yaml:"service_0007"`
	S8 service `yaml:"service_0008"`
	S9 service `yaml:"service_0009"`
}

type service struct {
	URL        string   `yaml:"url"`
	Enabled    bool     `yaml:"enabled"`
	Database   database `yaml:"database"`
	APIKeys    []string `yaml:"api_keys"`
	SampleRate float64  `yaml:"sample_rate"`
	Greeting   string   `yaml:"greeting"`
}

type database struct {
	Host     string `yaml:"host"`
	Port     int    `yaml:"port"`
	User     string `yaml:"user"`
	Password string `yaml:"password"`
}

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "sealcfg-bench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// One identity, in a key source that both libraries read.
	for name, value := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "SOPS_AGE_KEY": demoIdentity} {
		_ = os.Setenv(name, value)
	}
	for _, l := range logging.Loggers {
		l.SetOutput(io.Discard)
	}
	code := m.Run()
	_ = os.RemoveAll(home)
	os.Exit(code)
}

// sealed returns the settings of n values, encrypted by sealcfg.
func sealed(tb testing.TB, n int) (*envfile.Sealed, *envfile.Opened) {
	tb.Helper()
	d, err := envfile.Parse(envfile.YAML, []byte(generate(n, 0)))
	if err != nil {
		tb.Fatal(err)
	}
	s, o, err := envfile.Seal(tb.Context(), d, envfile.Rules{}, demoRecipients(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return s, o
}

func demoRecipients(tb testing.TB) envfile.Recipients {
	tb.Helper()
	r, err := keys.ParseAgeRecipient(demoRecipient)
	if err != nil {
		tb.Fatal(err)
	}
	return envfile.Recipients{Groups: [][]keys.Recipient{{r}}}
}

func loadSealcfg(tb testing.TB, dir string) *services {
	s, err := sealcfg.Load[services](tb.Context(), sealcfg.WithDir(dir), sealcfg.WithEnv("prod"))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func loadSops(tb testing.TB, dir string) *services {
	src, err := os.ReadFile(filepath.Join(dir, "prod.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := decrypt.Data(src, "yaml")
	if err != nil {
		tb.Fatal(err)
	}
	s := new(services)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true) // as strict as Load
	if err := d.Decode(s); err != nil {
		tb.Fatal(err)
	}
	return s
}

// prod writes the settings of 100 values as environments/prod.yaml.
func prod(tb testing.TB) (dir string) {
	s, _ := sealed(tb, 100)
	dir = filepath.Join(tb.TempDir(), "environments")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "prod.yaml"), s.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// TestSameSettings makes sure that the benchmarks compare equal work.
func TestSameSettings(t *testing.T) {
	dir := prod(t)
	ours, theirs := loadSealcfg(t, dir), loadSops(t, dir)
	if !reflect.DeepEqual(ours, theirs) {
		t.Fatal("the two libraries load different settings")
	}
	if ours.S9.Database.Password == "" || len(ours.S9.APIKeys) != 2 || ours.S9.Database.Port == 0 {
		t.Fatal("the settings are not filled")
	}
}

func BenchmarkLoad100(b *testing.B) {
	dir := prod(b)
	b.Run("sealcfg", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			loadSealcfg(b, dir)
		}
	})
	b.Run("sops", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			loadSops(b, dir)
		}
	})
}

var sizes = []int{10, 1_000, 10_000}

// BenchmarkOpen parses an encrypted file and decrypts it.
func BenchmarkOpen(b *testing.B) {
	ids, err := keys.ParseAgeIdentities(demoIdentity)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range sizes {
		s, _ := sealed(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := envfile.ParseSealed(envfile.YAML, s.Bytes())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.Open(b.Context(), ids...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkText writes the plaintext of a decrypted file, as decrypt does.
func BenchmarkText(b *testing.B) {
	for _, n := range sizes {
		_, o := sealed(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.Text(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFloor does the unavoidable part of Load and decrypt: one pass of the YAML parser over
// the encrypted file, and one unwrapping of the data key.
func BenchmarkFloor(b *testing.B) {
	ids, err := keys.ParseAgeIdentities(demoIdentity)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{10, 100, 1_000, 10_000} {
		s, _ := sealed(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var doc yaml.Node
				if err := yaml.Unmarshal(s.Bytes(), &doc); err != nil {
					b.Fatal(err)
				}
				if err := s.Unwraps(b.Context(), ids...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDocument creates the document of a decrypted file.
func BenchmarkDocument(b *testing.B) {
	for _, n := range sizes {
		_, o := sealed(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.Document(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSeal parses and encrypts a plaintext.
func BenchmarkSeal(b *testing.B) {
	to := demoRecipients(b)
	for _, n := range sizes {
		text := []byte(generate(n, 0))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d, err := envfile.Parse(envfile.YAML, text)
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := envfile.Seal(b.Context(), d, envfile.Rules{}, to); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReseal encrypts a plaintext again after one value changed.
func BenchmarkReseal(b *testing.B) {
	for _, n := range sizes {
		_, o := sealed(b, n)
		d, err := o.Document()
		if err != nil {
			b.Fatal(err)
		}
		text := strings.Replace(string(d.Bytes()), "user: \"app_0\"", "user: \"app_x\"", 1)
		changed, err := envfile.Parse(envfile.YAML, []byte(text))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.Reseal(changed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRotate encrypts everything again with a new data key.
func BenchmarkRotate(b *testing.B) {
	to := demoRecipients(b)
	for _, n := range sizes {
		_, o := sealed(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.Rotate(b.Context(), envfile.Rules{}, to); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSealJSON and BenchmarkOpenJSON show how time grows with the number of keys: in sops,
// with its square.
func BenchmarkSealJSON(b *testing.B) {
	to := demoRecipients(b)
	for _, n := range []int{1_000, 100_000} {
		text := []byte(generateJSON(n, 0))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sealJSON(b, text, to)
			}
		})
	}
}

func BenchmarkOpenJSON(b *testing.B) {
	ids, err := keys.ParseAgeIdentities(demoIdentity)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1_000, 100_000} {
		s := sealJSON(b, []byte(generateJSON(n, 0)), demoRecipients(b))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := envfile.ParseSealed(envfile.JSON, s.Bytes())
				if err != nil {
					b.Fatal(err)
				}
				o, err := s.Open(b.Context(), ids...)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := o.Text(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func sealJSON(tb testing.TB, text []byte, to envfile.Recipients) *envfile.Sealed {
	d, err := envfile.Parse(envfile.JSON, text)
	if err != nil {
		tb.Fatal(err)
	}
	s, _, err := envfile.Seal(tb.Context(), d, envfile.Rules{}, to)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

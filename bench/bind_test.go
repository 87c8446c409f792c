package main

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"gopkg.in/yaml.v3"

	"github.com/sealcfg/sealcfg"
)

// thousand has 1,000 settings.
type thousand struct {
	A services `yaml:"a"`
	B services `yaml:"b"`
	C services `yaml:"c"`
	D services `yaml:"d"`
	E services `yaml:"e"`
	F services `yaml:"f"`
	G services `yaml:"g"`
	H services `yaml:"h"`
	I services `yaml:"i"`
	J services `yaml:"j"`
}

func thousandText() []byte {
	var b strings.Builder
	for i, name := range strings.Split("abcdefghij", "") {
		b.WriteString(name + ":\n")
		for line := range strings.Lines(generate(100, uint64(i))) {
			b.WriteString("  " + line)
		}
	}
	return []byte(b.String())
}

// bindPlain loads plaintext, so that only reading and binding are measured.
func bindPlain[T any](tb testing.TB, text []byte) *T {
	tb.Helper()
	s, err := sealcfg.Load[T](tb.Context(), sealcfg.WithEnv("prod"), sealcfg.AllowPlain("prod"), sealcfg.WithEnviron(),
		sealcfg.WithFS(fstest.MapFS{"prod.yaml": {Data: text}}, "."))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func unmarshal[T any](tb testing.TB, text []byte) *T {
	tb.Helper()
	s := new(T)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true) // as strict as Load
	if err := d.Decode(s); err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSameBinding(t *testing.T) {
	text := thousandText()
	ours, theirs := bindPlain[thousand](t, text), unmarshal[thousand](t, text)
	if !reflect.DeepEqual(ours, theirs) || ours.J.S9.Database.Port == 0 {
		t.Fatal("the two bind different settings")
	}
}

// BenchmarkBind reads plain YAML and fills a struct of 100 and of 1,000 settings.
func BenchmarkBind(b *testing.B) {
	benchmarkBind[services](b, []byte(generate(100, 0)), 100)
	benchmarkBind[thousand](b, thousandText(), 1000)
}

func benchmarkBind[T any](b *testing.B, text []byte, n int) {
	b.Run(fmt.Sprintf("%d/sealcfg", n), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bindPlain[T](b, text)
		}
	})
	b.Run(fmt.Sprintf("%d/yaml.v3", n), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			unmarshal[T](b, text)
		}
	})
}

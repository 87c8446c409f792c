// Package sealcfgtest helps the tests of programs that use sealcfg: settings from a
// map, a sealed environment with a key of its own, and a search for secrets in what
// a program has put out. It is for tests alone.
package sealcfgtest

import (
	"maps"
	"slices"
	"testing"

	"github.com/sealcfg/sealcfg"
)

// Settings returns options that have settings come from a map and from the defaults
// of the struct alone: no file, no variable of the process. Paths and values are
// those of [sealcfg.Set].
func Settings(values map[string]any) []sealcfg.Option {
	opts := []sealcfg.Option{sealcfg.WithoutFiles(), sealcfg.WithEnviron()}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		opts = append(opts, sealcfg.Set(path, values[path]))
	}
	return opts
}

// Load returns settings from a map, checked like any other. The test ends if there
// is something wrong with them.
func Load[T any](t testing.TB, values map[string]any) *T {
	t.Helper()
	settings, err := sealcfg.Load[T](t.Context(), Settings(values)...)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// LoadHandle is [Load] for what takes a handle. Reload changes nothing.
func LoadHandle[T any](t testing.TB, values map[string]any) *sealcfg.Handle[T] {
	t.Helper()
	h, err := sealcfg.New[T](Settings(values)...).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Package sealcfgtest helps to test programs that use sealcfg. It provides settings
// from a map, an encrypted environment with its own key, and a search for secrets
// in the output of a program. It is for tests only.
package sealcfgtest

import (
	"maps"
	"slices"
	"testing"

	"github.com/sealcfg/sealcfg"
)

// Settings returns options that take settings only from a map and from the defaults
// of the struct, without files or variables of the process. Paths and values have
// the form of [sealcfg.Set].
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

// LoadHandle is [Load] for code that takes a handle. Reload changes no setting.
func LoadHandle[T any](t testing.TB, values map[string]any) *sealcfg.Handle[T] {
	t.Helper()
	h, err := sealcfg.New[T](Settings(values)...).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

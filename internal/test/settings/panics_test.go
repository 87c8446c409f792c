package settings_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

type panicsOnText struct{}

func (*panicsOnText) UnmarshalText(b []byte) error { panic("bad " + string(b)) }

type panicsWithError struct{}

func (*panicsWithError) UnmarshalText(b []byte) error { panic(fmt.Errorf("bad %s", b)) }

type panicsOnIndex struct{ N int }

func (p *panicsOnIndex) UnmarshalText(b []byte) error {
	p.N = []int{}[len(b)]
	return nil
}

type panicsOnValidate struct{ Token string }

func (p panicsOnValidate) Validate() error { panic("bad " + p.Token) }

// The text of a panic may quote a value, and a program that dies prints it.
func TestPanicsOfTheProgramBecomeErrors(t *testing.T) {
	fsys := files(t, "base", "{}\n", "prod", "token: "+hushed+"\n")
	_, text := sealcfg.Load[struct {
		Token sealcfg.Secret[panicsOnText]
	}](t.Context(), options(t, fsys)...)
	_, plain := sealcfg.Load[struct{ Token panicsOnText }](t.Context(), options(t, fsys)...)
	_, wrapped := sealcfg.Load[struct{ Token *panicsWithError }](t.Context(), options(t, fsys)...)
	_, index := sealcfg.Load[struct{ Token panicsOnIndex }](t.Context(), options(t, fsys)...)
	_, method := sealcfg.Load[panicsOnValidate](t.Context(), options(t, fsys)...)
	_, function := sealcfg.Load[struct{ Token string }](t.Context(), append(options(t, fsys),
		sealcfg.WithValidation(func(v any) error { panic(fmt.Sprint(v)) }))...)
	for want, err := range map[string]error{
		"UnmarshalText of settings_test.panicsOnText panicked at panics_test.go:":    text,
		"of settings_test.panicsOnText panicked at panics_test.go:":                  plain,
		"UnmarshalText of settings_test.panicsWithError panicked at panics_test.go:": wrapped,
		"UnmarshalText of settings_test.panicsOnIndex panicked at panics_test.go:":   index,
		"Validate of settings_test.panicsOnValidate panicked at panics_test.go:":     method,
		"a function of WithValidation panicked at panics_test.go:":                   function,
	} {
		require.Error(t, err, want)
		assert.Contains(t, err.Error(), want)
		form, jsonErr := json.Marshal(err)
		require.NoError(t, jsonErr)
		assertHushed(t, string(form))
		for ; err != nil; err = errors.Unwrap(err) {
			assertHushed(t, fmt.Sprintf("%+v %#v", err, err))
		}
	}
}

// Does a loader, a handle, an option or an error print its arguments?
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/davecgh/go-spew/spew"
	"github.com/kr/pretty"

	"github.com/sealcfg/sealcfg"
)

const canary = "hunter2canary"

type T string

func (t *T) UnmarshalText(b []byte) error { return fmt.Errorf("cannot read %q", b) }

type S struct {
	P sealcfg.Secret[string]
	Q sealcfg.Secret[T]   `cfg:",optional"`
	N sealcfg.Secret[int] `cfg:",optional"`
}

func main() {
	key := "AGE-SECRET-KEY-1" + strings.Repeat("Q", 58)
	opts := []sealcfg.Option{sealcfg.WithoutFiles(), sealcfg.Set("p", canary), sealcfg.WithIdentityText(key), sealcfg.WithEnviron("APP_P=" + canary), sealcfg.WithEnvPrefix("APP_")}
	l := sealcfg.New[S](opts...)
	h, err := l.Load(context.Background())
	if err != nil {
		fmt.Println("load:", err)
		l = sealcfg.New[S](opts[0], opts[1], opts[3], opts[4])
		h, err = l.Load(context.Background())
		fmt.Println(err)
	}
	raw := &spew.ConfigState{DisableMethods: true, DisablePointerMethods: true, MaxDepth: 12}
	printed := map[string]any{"loader": l, "handle": h, "option": opts[1], "settings": h.Get(), "origins": h.Origins()}
	for _, name := range slices.Sorted(maps.Keys(printed)) {
		v := printed[name]
		out := fmt.Sprintf("%v %+v %#v", v, v, v)
		d := raw.Sdump(v)
		p := pretty.Sprint(v)
		j, _ := json.Marshal(v)
		fmt.Printf("%-9s fmt:%v spew:%v pretty:%v json:%v\n", name, strings.Contains(out, canary) || strings.Contains(out, key), strings.Contains(d, canary) || strings.Contains(d, key), strings.Contains(p, canary), strings.Contains(string(j), canary))
	}
	for _, env := range []string{"APP_Q=" + canary, "APP_N=" + canary, `APP_Q={"a":` + canary} {
		_, err = sealcfg.New[S](opts[0], opts[1], sealcfg.WithEnviron(env), opts[4]).Load(context.Background())
		var e *sealcfg.Error
		errors.As(err, &e)
		out := fmt.Sprintf("%v %+v %#v %q", err, err, err, err)
		j, _ := json.Marshal(err)
		fmt.Printf("%-9s fmt:%v json:%v spew:%v pretty:%v\n", "error", strings.Contains(out, canary), strings.Contains(string(j), canary), strings.Contains(raw.Sdump(err), canary), strings.Contains(pretty.Sprint(err), canary))
		for _, p := range e.Problems {
			fmt.Printf("   %%#v: %v  unwrap quotes: %v\n", strings.Contains(fmt.Sprintf("%#v %+v", p, *p), canary), p.Unwrap())
		}
	}
}

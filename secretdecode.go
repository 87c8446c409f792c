package sealcfg

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// errPlaceholder is returned when the input is the text that a Secret prints: someone
// copied printed settings.
var errPlaceholder = errors.New("read a secret: the value is a placeholder such as [secret]")

// UnmarshalText reads text as [Load] reads a variable of the process environment. Other
// libraries use it to decode variables, flags (flag.TextVar) and files. It rejects the text
// that a Secret prints. Errors contain no value.
func (s *Secret[T]) UnmarshalText(text []byte) error {
	v := reflect.New(reflect.TypeFor[T]()).Elem()
	if err := bindText(v, string(text)); err != nil {
		return err
	}
	s.fill(v)
	return nil
}

func bindText(v reflect.Value, text string) error {
	if text == tree.Redacted || text == tree.Unset {
		return errPlaceholder
	}
	p, err := bind.PlanFor(v.Type())
	if err != nil {
		return fmt.Errorf("read a secret: %w", err)
	}
	var b bind.Binder
	b.Bind(p, v, plan.FromText(p, text, Origin{}), &tree.FieldPath{})
	if problems := b.All(); len(problems) > 0 {
		return fmt.Errorf("read a secret: %s", problemOf(problems[0]).text())
	}
	return nil
}

// UnmarshalJSON reads the JSON of a T, as encoding/json does. It ignores null and rejects
// the text that a Secret prints. Errors contain no value.
func (s *Secret[T]) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "null":
		return nil
	case `"` + tree.Redacted + `"`, `"` + tree.Unset + `"`:
		return errPlaceholder
	}
	var v T
	if json.Unmarshal(data, &v) != nil { // its error quotes numbers
		return fmt.Errorf("read a secret: expected JSON for %s", plan.TypeName(reflect.TypeFor[T]()))
	}
	*s = NewSecret(v)
	return nil
}

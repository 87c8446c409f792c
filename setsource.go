package sealcfg

import (
	"context"
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// inCode is the Place in the origin of settings from [Set].
const inCode = "set in code"

// A setSource holds the settings from [Set].
type setSource struct{ assigned []assignment }

type assignment struct {
	path  string
	value any
}

func (s *setSource) Name() string { return "set" }

func (s *setSource) Read(_ context.Context, r *Reading) error {
	at := Origin{Place: inCode}
	for _, a := range s.assigned {
		n, err := valueNode(reflect.ValueOf(a.value), at)
		if err != nil {
			return fmt.Errorf("set %q: %w", a.path, err)
		}
		if err := r.put(a.path, at, func(*plan.Plan) *tree.Node { return n }); err != nil {
			return err
		}
	}
	return nil
}

// valueNode returns the node for a Go value, in the form that a file would have.
func valueNode(v reflect.Value, at Origin) (*tree.Node, error) {
	scalar := func(typ crypto.Type, text string) (*tree.Node, error) {
		return &tree.Node{Kind: tree.NodeScalar, Type: typ, Text: text, Origin: at}, nil
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return &tree.Node{Kind: tree.NodeNull, Origin: at}, nil
	}
	if secret := plan.SecretIn(plan.Copy(v)); secret != nil {
		return valueNode(secret.Exposed(), at)
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return scalar(crypto.Time, x.Format(time.RFC3339Nano))
	case time.Duration:
		return scalar(crypto.Str, x.String())
	case []byte:
		return scalar(crypto.Str, string(x))
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil { // the error may quote the value
			return nil, fmt.Errorf("cannot write a %s as text", v.Type())
		}
		return scalar(crypto.Str, string(text))
	}
	switch v.Kind() {
	case reflect.String:
		return scalar(crypto.Str, v.String())
	case reflect.Bool:
		return scalar(crypto.Bool, strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return scalar(crypto.Int, strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return scalar(crypto.Int, strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		return scalar(crypto.Float, strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()))
	case reflect.Pointer, reflect.Interface:
		return valueNode(v.Elem(), at)
	case reflect.Slice, reflect.Array:
		return valueList(v, at)
	case reflect.Map:
		return valueMap(v, at)
	}
	return nil, fmt.Errorf("a value of type %s cannot be set", v.Type())
}

func valueList(v reflect.Value, at Origin) (*tree.Node, error) {
	list := &tree.Node{Kind: tree.NodeList, Origin: at}
	for i := range v.Len() {
		e, err := valueNode(v.Index(i), at)
		if err != nil {
			return nil, err
		}
		list.Entries = append(list.Entries, e)
	}
	return list, nil
}

func valueMap(v reflect.Value, at Origin) (*tree.Node, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a value of type %s cannot be set: its keys are not strings", v.Type())
	}
	byName := make(map[string]reflect.Value)
	for _, k := range v.MapKeys() {
		byName[k.String()] = v.MapIndex(k)
	}
	m := &tree.Node{Kind: tree.NodeMap, Origin: at}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		e, err := valueNode(byName[name], at)
		if err != nil {
			return nil, err
		}
		e.Key, e.KeyOrigin = name, at
		m.Entries = append(m.Entries, e)
	}
	return m, nil
}

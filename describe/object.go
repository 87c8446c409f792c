package describe

import (
	"bytes"
	"encoding/json"
)

// A jsonObject is a JSON object whose members keep their order.
type jsonObject []jsonMember

type jsonMember struct {
	key   string
	value any
}

func (o *jsonObject) add(key string, value any) { *o = append(*o, jsonMember{key, value}) }

// set adds a member, or replaces its value.
func (o *jsonObject) set(key string, value any) {
	for i := range *o {
		if (*o)[i].key == key {
			(*o)[i].value = value
			return
		}
	}
	o.add(key, value)
}

func (o *jsonObject) addFirst(key string, value any) {
	*o = append(jsonObject{{key, value}}, *o...)
}

// addTo adds a member to the object that is the value of the member name.
func (o *jsonObject) addTo(name, key string, value any) {
	for i := range *o {
		if inner, ok := (*o)[i].value.(jsonObject); ok && (*o)[i].key == name {
			inner.add(key, value)
			(*o)[i].value = inner
		}
	}
}

// MarshalJSON writes the members in their order.
func (o jsonObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := e.Encode(m.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

package kmswire

import (
	"errors"
	"slices"

	"github.com/sealcfg/sealcfg/keys"
)

// Protocol is the version that this package speaks. It grows when a program that
// knows the old one could misread the new one.
const Protocol = 1

// Program is the name of the helper.
const Program = "sealcfg-kms"

const (
	// MaxLine is how many bytes a message has at most, its line feed included.
	MaxLine = 1 << 20
	// maxSecret bounds what is wrapped: a data key, or a share of one.
	maxSecret = 1 << 10
)

// A Hello is the first line in each direction.
type Hello struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version,omitempty"` // of the helper, for people
	// Types are the kinds of keys that the helper serves, named like the metadata
	// lists of a file.
	Types []string `json:"types,omitempty"`
}

// What a request asks for.
const (
	OpWrap   = "wrap"
	OpUnwrap = "unwrap"
	OpCancel = "cancel" // of the request with the same id; it has no answer
)

// A Request is what sealcfg wants of a service.
type Request struct {
	ID     uint64  `json:"id"` // chosen by sealcfg, from 1, never used twice
	Op     string  `json:"op"`
	Stanza *Stanza `json:"stanza,omitempty"`
	Secret []byte  `json:"secret,omitempty"` // to be wrapped
}

// A Response answers the request with its id: a stanza to wrap, a secret to
// unwrap, or an error to either.
type Response struct {
	ID     uint64  `json:"id"`
	Stanza *Stanza `json:"stanza,omitempty"`
	Secret []byte  `json:"secret,omitempty"`
	Error  *Error  `json:"error,omitempty"`
}

// Error says why a request failed.
type Error struct {
	Text string `json:"text"` // for people, without any secret
	Kind Kind   `json:"kind"`
}

// Kind tells sealcfg what to advise. One that it does not know counts as [Failed].
type Kind string

// The kinds of errors.
const (
	Failed      Kind = "failed"      // the service said no, or something else that the text tells
	Unreachable Kind = "unreachable" // the service did not answer
	NoProgram   Kind = "no-program"  // a program that the service needs is not installed
	Unsupported Kind = "unsupported" // the helper does not serve this kind of keys
	Canceled    Kind = "canceled"    // sealcfg has asked for it
)

// A Stanza is a [keys.Stanza] on its way.
type Stanza struct {
	Type    string  `json:"type"`
	Fields  []Field `json:"fields,omitempty"`
	Wrapped string  `json:"enc,omitempty"`
}

// A Field has a value or a map.
type Field struct {
	Name  string  `json:"name"`
	Value string  `json:"value,omitempty"`
	Map   []Field `json:"map,omitzero"` // an empty map is another thing than none
}

func toWire(s *keys.Stanza) *Stanza {
	return &Stanza{Type: s.Type, Fields: convert(s.Fields, func(f keys.Field, sub []Field) Field {
		return Field{f.Name, f.Value, sub}
	}, func(f keys.Field) []keys.Field { return f.Map }), Wrapped: s.Wrapped}
}

func fromWire(s *Stanza) *keys.Stanza {
	return &keys.Stanza{Type: s.Type, Fields: convert(s.Fields, func(f Field, sub []keys.Field) keys.Field {
		return keys.Field{Name: f.Name, Value: f.Value, Map: sub}
	}, func(f Field) []Field { return f.Map }), Wrapped: s.Wrapped}
}

// convert makes fields of one kind from those of the other. What is nil stays nil.
func convert[From, To any](fields []From, field func(From, []To) To, sub func(From) []From) []To {
	if fields == nil {
		return nil
	}
	all := make([]To, len(fields))
	for i, f := range fields {
		all[i] = field(f, convert(sub(f), field, sub))
	}
	return all
}

var (
	errID     = errors.New("no id")
	errOp     = errors.New("an operation that this version does not know")
	errFields = errors.New("not the fields that belong to the operation")
	errSecret = errors.New("a secret of more bytes than a data key has")
)

// check says what is wrong with a request. Errors quote nothing of it.
func (r *Request) check() error {
	want := []bool{r.Stanza != nil && r.Stanza.Type != "", len(r.Secret) > 0}
	switch {
	case r.ID == 0:
		return errID
	case len(r.Secret) > maxSecret:
		return errSecret
	case r.Op == OpWrap && slices.Equal(want, []bool{true, true}),
		r.Op == OpUnwrap && slices.Equal(want, []bool{true, false}),
		r.Op == OpCancel && r.Stanza == nil && r.Secret == nil:
		return nil
	case r.Op != OpWrap && r.Op != OpUnwrap && r.Op != OpCancel:
		return errOp
	}
	return errFields
}

func (r *Response) check() error {
	parts := 0
	for _, has := range []bool{r.Stanza != nil, len(r.Secret) > 0, r.Error != nil} {
		if has {
			parts++
		}
	}
	switch {
	case r.ID == 0:
		return errID
	case len(r.Secret) > maxSecret:
		return errSecret
	case parts != 1, r.Stanza != nil && r.Stanza.Type == "":
		return errFields
	}
	return nil
}

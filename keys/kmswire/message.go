package kmswire

import (
	"errors"
	"slices"

	"github.com/sealcfg/sealcfg/keys"
)

// Protocol is the version of the protocol. It increases with a change that a program
// for the previous version could misread.
const Protocol = 1

// Program is the name of the helper.
const Program = "sealcfg-kms"

const (
	// MaxLine is the maximum length of a message in bytes, including its line feed.
	MaxLine = 1 << 20
	// maxSecret is the maximum length of a secret in bytes: a data key, or a share of one.
	maxSecret = 1 << 10
)

// A Hello is the first line in each direction.
type Hello struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version,omitempty"` // of the helper, for humans
	// Types are the types of keys that the helper serves. They have the names of the
	// metadata lists of a file.
	Types []string `json:"types,omitempty"`
}

// The operations.
const (
	OpWrap   = "wrap"
	OpUnwrap = "unwrap"
	OpCancel = "cancel" // cancels the request with the same ID; it has no response
)

// A Request is an operation that sealcfg requests from a key service.
type Request struct {
	ID     uint64  `json:"id"` // sealcfg counts from 1 and never uses an ID twice
	Op     string  `json:"op"`
	Stanza *Stanza `json:"stanza,omitempty"`
	Secret []byte  `json:"secret,omitempty"` // the data key to wrap
}

// A Response answers the request with the same ID. It has a stanza for OpWrap, a
// secret for OpUnwrap, or an error.
type Response struct {
	ID     uint64  `json:"id"`
	Stanza *Stanza `json:"stanza,omitempty"`
	Secret []byte  `json:"secret,omitempty"`
	Error  *Error  `json:"error,omitempty"`
}

// An Error reports why a request failed.
type Error struct {
	Text string `json:"text"` // for humans, without secrets
	Kind Kind   `json:"kind"`
}

// Kind is the kind of an error, from which sealcfg chooses the hint. An unknown kind
// counts as [Failed].
type Kind string

// The kinds of errors.
const (
	Failed      Kind = "failed"      // the service rejected the request, or any other error
	Unreachable Kind = "unreachable" // the service did not answer
	NoProgram   Kind = "no-program"  // a program that the service needs is not installed
	Unsupported Kind = "unsupported" // the helper does not serve keys of this type
	Canceled    Kind = "canceled"    // sealcfg canceled the request
)

// A Stanza is the JSON form of a [keys.Stanza].
type Stanza struct {
	Type    string  `json:"type"`
	Fields  []Field `json:"fields,omitempty"`
	Wrapped string  `json:"enc,omitempty"`
}

// A Field has a value or a map.
type Field struct {
	Name  string  `json:"name"`
	Value string  `json:"value,omitempty"`
	Map   []Field `json:"map,omitzero"` // an empty map differs from no map
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

// convert converts fields between the two types. A nil slice stays nil.
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
	errOp     = errors.New("unknown operation")
	errFields = errors.New("missing or unexpected fields")
	errSecret = errors.New("secret longer than a data key")
)

// check returns an error for an invalid request. The error does not quote the request.
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

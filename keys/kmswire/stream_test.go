package kmswire

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

var stanza = &keys.Stanza{
	Type: "kms",
	Fields: []keys.Field{
		{Name: "arn", Value: "arn:aws:kms:eu-west-1:111122223333:key/demo"},
		{Name: "context", Map: []keys.Field{{Name: "App", Value: "x"}, {Name: "a", Value: ""}}},
		{Name: "empty", Map: []keys.Field{}},
		{Name: "aws_profile", Value: ""},
	},
	Wrapped: "AQICAHh\n+/=",
}

func TestStanzaKeepsItsFields(t *testing.T) {
	text, err := json.Marshal(toWire(stanza))
	require.NoError(t, err)
	var back Stanza
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, stanza, fromWire(&back), "order, empty values and empty maps too")
}

func TestStreamRoundTrip(t *testing.T) {
	var buf bytes.Buffer
	w := NewWriter(&buf)
	requests := []*Request{
		{ID: 1, Op: OpWrap, Stanza: toWire(stanza), Secret: []byte("0123")},
		{ID: 2, Op: OpUnwrap, Stanza: toWire(stanza)},
		{ID: 1, Op: OpCancel},
	}
	require.NoError(t, w.Write(Hello{Protocol: 1, Types: []string{"pgp"}}))
	for _, q := range requests {
		require.NoError(t, w.Write(q))
	}
	assert.Equal(t, 4, bytes.Count(buf.Bytes(), []byte("\n")), "one line per message")
	r := NewReader(iotest.OneByteReader(&buf))
	hello, err := r.Hello()
	require.NoError(t, err)
	assert.Equal(t, Hello{Protocol: 1, Types: []string{"pgp"}}, hello)
	for _, q := range requests {
		got, err := r.Request()
		require.NoError(t, err)
		assert.Equal(t, q, got)
	}
	_, err = r.Request()
	assert.Equal(t, io.EOF, err)
}

func TestReaderRejects(t *testing.T) {
	const canary = "c2VjcmV0LWNhbmFyeQ"
	for _, text := range []string{
		"\n", "null\n", "[]\n", "1\n", canary + "\n", `{"id":1,"op":"` + canary + "\n",
		`{"id":1,"op":"wrap","stanza":{"type":"kms"}}` + "\n",                   // no secret
		`{"id":1,"op":"wrap","secret":"AAAA"}` + "\n",                           // no stanza
		`{"id":1,"op":"unwrap","stanza":{"type":"kms"},"secret":"AAAA"}` + "\n", // an unexpected secret
		`{"id":1,"op":"unwrap","stanza":{}}` + "\n",
		`{"id":0,"op":"unwrap","stanza":{"type":"kms"}}` + "\n",
		`{"id":-1,"op":"unwrap","stanza":{"type":"kms"}}` + "\n",
		`{"id":1,"op":"` + canary + `","stanza":{"type":"kms"}}` + "\n",
		`{"id":1,"op":"wrap","stanza":{"type":"kms"},"secret":"` + canary + `!"}` + "\n",
		`{"id":1,"op":"wrap","stanza":{"type":"kms"},"secret":"` + strings.Repeat("AAAA", 400) + `"}` + "\n",
		`{"id":1,"op":"cancel","stanza":{"type":"kms"}}` + "\n",
		`{"id":1} {"id":2}` + "\n",
	} {
		_, err := NewReader(strings.NewReader(text)).Request()
		require.ErrorIs(t, err, ErrMalformed, "%s", text)
		assert.NotContains(t, err.Error(), canary)
	}
	for _, text := range []string{
		`{"id":1}`, `{"id":1,"secret":"AAAA","stanza":{"type":"kms"}}`, `{"id":1,"stanza":{}}`,
		`{"id":1,"secret":"AAAA","error":{"text":"x"}}`, `{"secret":"AAAA"}`, `{"id":1,"secret":""}`,
	} {
		_, err := NewReader(strings.NewReader(text + "\n")).Response()
		assert.ErrorIs(t, err, ErrMalformed, "%s", text)
	}
	for _, text := range []string{"{}", `{"protocol":0}`, `{"protocol":"1"}`, "usage: sealcfg-kms"} {
		_, err := NewReader(strings.NewReader(text + "\n")).Hello()
		assert.ErrorIs(t, err, ErrMalformed, "%s", text)
	}
	_, err := NewReader(strings.NewReader(`{"id":1`)).Request()
	assert.Equal(t, io.ErrUnexpectedEOF, err)
}

func TestLineLimit(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`{"id":"`), endlessReader{})
	_, err := NewReader(endless).Request()
	require.ErrorIs(t, err, ErrLineTooLong)

	long := &Request{ID: 1, Op: OpUnwrap, Stanza: &Stanza{Type: "pgp", Wrapped: strings.Repeat("x", MaxLine)}}
	var buf bytes.Buffer
	require.ErrorIs(t, NewWriter(&buf).Write(long), ErrLineTooLong)
	assert.Zero(t, buf.Len(), "no part of it is written")

	long.Stanza.Wrapped = ""
	empty, err := json.Marshal(long)
	require.NoError(t, err)
	long.Stanza.Wrapped = strings.Repeat("x", MaxLine-len(empty)-len(`,"enc":""`)-1)
	require.NoError(t, NewWriter(&buf).Write(long))
	assert.Equal(t, MaxLine, buf.Len(), "the longest message allowed")
	got, err := NewReader(&buf).Request()
	require.NoError(t, err)
	assert.Equal(t, long, got)
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// A message that the reader accepts survives a round trip, and no input makes it panic.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"op":"wrap","stanza":{"type":"kms","fields":[{"name":"arn","value":"a"},{"name":"context","map":[]}]},"secret":"AAAA"}`,
		`{"id":2,"op":"unwrap","stanza":{"type":"pgp","enc":"x"}}`, `{"id":1,"op":"cancel"}`,
		`{"protocol":1,"version":"v","types":["pgp"]}`, `{"id":1,"error":{"text":"x","kind":"failed"}}`, "null", "{", "",
	} {
		f.Add([]byte(seed + "\n"))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		again := func(message any, err error, read func(*Reader) (any, error)) {
			if err != nil {
				return
			}
			var buf bytes.Buffer
			require.NoError(t, NewWriter(&buf).Write(message))
			back, err := read(NewReader(&buf))
			require.NoError(t, err)
			first, err := json.Marshal(message)
			require.NoError(t, err)
			second, err := json.Marshal(back)
			require.NoError(t, err)
			require.JSONEq(t, string(first), string(second))
		}
		q, err := NewReader(bytes.NewReader(line)).Request()
		if err == nil && q.Stanza != nil {
			require.Equal(t, q.Stanza, toWire(fromWire(q.Stanza)), "the conversion keeps every field")
		}
		again(q, err, func(r *Reader) (any, error) { return r.Request() })
		a, err := NewReader(bytes.NewReader(line)).Response()
		again(a, err, func(r *Reader) (any, error) { return r.Response() })
		h, err := NewReader(bytes.NewReader(line)).Hello()
		again(h, err, func(r *Reader) (any, error) { return r.Hello() })
	})
}

package jsontoken_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/jsontoken"
)

// tokens reads text with the library, false if it is no JSON.
func tokens(text []byte) ([]json.Token, bool) {
	if !json.Valid(text) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var all []json.Token
	for {
		token, err := d.Token()
		if err != nil {
			return all, errors.Is(err, io.EOF)
		}
		all = append(all, token)
	}
}

// ours reads the tokens with the package, and returns them in the library's types.
func ours(t require.TestingT, text []byte) ([]json.Token, error) {
	r := jsontoken.New(text)
	var all []json.Token
	end := 0
	for {
		token, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			var at *jsontoken.Error
			require.ErrorAs(t, err, &at)
			require.True(t, at.Offset >= end && at.Offset <= len(text))
			return nil, err
		}
		require.True(t, token.Start >= end && token.End > token.Start && token.End <= len(text))
		require.Empty(t, strings.Trim(string(text[end:token.Start]), " \t\r\n,:"))
		end = token.End
		switch token.Kind {
		case jsontoken.String:
			all = append(all, token.Text)
		case jsontoken.Number:
			all = append(all, json.Number(token.Text))
		case jsontoken.True, jsontoken.False:
			all = append(all, token.Kind == jsontoken.True)
		case jsontoken.Null:
			all = append(all, nil)
		default:
			all = append(all, json.Delim(token.Kind))
		}
	}
}

var texts = []string{
	``, ` `, `{}`, `[]`, ` [ ] `, `{"a": 1}`, `{"a": 1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a" 1}`, `{"a": 1 "b": 2}`, `{"a": 1, "b": [true, false, null]}`,
	`[1, 2`, `[1 2]`, `[,]`, `[1,]`, `[}`, `{]`, `{"a": [}`, `[1]]`, `{}{}`, `1 2`, `:`, `,`, `"a": 1`, `{1: 2}`, `{"a": "b": "c"}`, `[:]`, `["a": 1]`,
	`0`, `-0`, `00`, `01`, `-`, `+1`, `1.`, `.5`, `1.5`, `1e`, `1e+`, `1e5`, `1E-05`, `-1.25e+10`, `0x1`, `1_000`, `NaN`, `Infinity`, `1a`,
	`true`, `tru`, `trux`, `truex`, `null`, `nul`, `false`, `TRUE`,
	`""`, `"`, `"a`, `"a\`, `"\"`, `"\""`, `"\\\/\b\f\n\r\t"`, `"\a"`, `"\'"`, `'a'`, `"\u0041\u00e9\u20AC"`, `"\u12"`, `"\u12g4"`, "\"\\u\x1012\"", `"\U0041"`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"\ud83d\u00"`, `"\ud83d\`, `"\ufffd"`,
	"\"a\nb\"", "\"\x00\"", "\"\x7f\"", "\"\xff\"", "\"\xed\xa0\x80\"", "\"a\xc3\"", "\"größe 😀\"", "\xef\xbb\xbf{}", "\f1", "\v", "\u00a01", "[1\x00]", "1\x00",
}

func TestReadsWhatEncodingJSONDoes(t *testing.T) {
	all := append([]string{
		strings.Repeat("[", jsontoken.MaxDepth) + strings.Repeat("]", jsontoken.MaxDepth),
		strings.Repeat("[", jsontoken.MaxDepth+1) + strings.Repeat("]", jsontoken.MaxDepth+1),
	}, texts...)
	for _, text := range all {
		want, valid := tokens([]byte(text))
		got, err := ours(t, []byte(text))
		shown := text[:min(len(text), 40)]
		assert.Equal(t, valid, err == nil, "%q: %v", shown, err)
		assert.Equal(t, want, got, "%q", shown)
	}
}

func TestIsNumber(t *testing.T) {
	for _, text := range append([]string{"1 ", " 1", "-1", "1e400", "12345678901234567890"}, texts...) {
		want, valid := tokens([]byte(text))
		is := valid && len(want) == 1 && text == strings.TrimSpace(text)
		if is {
			_, is = want[0].(json.Number)
		}
		assert.Equal(t, is, jsontoken.IsNumber(text), "%q", text)
	}
}

func TestWhereItIsMalformed(t *testing.T) {
	const broken, ended = "malformed JSON", "the text ends in the middle of a value"
	for _, c := range []struct {
		text   string
		offset int
		reason string
	}{
		{`{"a": tru}`, 9, broken}, {`{"a": 1,}`, 8, broken}, {`{"a" 1}`, 5, broken}, {`{"a": "\x"}`, 8, broken}, {`{"a": "\u00g0"}`, 11, broken},
		{"[\"a\nb\"]", 3, broken}, {`[1 2]`, 3, broken}, {`[01]`, 2, broken}, {`[1.]`, 3, broken}, {`[1]]`, 3, broken},
		{``, 0, ended}, {`{"a": `, 6, ended}, {`{"a": "b`, 8, ended}, {`{"a": "\`, 8, ended}, {`[tr`, 3, ended}, {`[1e`, 3, ended}, {`[1`, 2, ended}, {`"\u1`, 4, ended},
		{strings.Repeat("[", jsontoken.MaxDepth+1), jsontoken.MaxDepth, "nested too deeply"},
	} {
		_, err := ours(t, []byte(c.text))
		assert.Equal(t, &jsontoken.Error{Offset: c.offset, Reason: c.reason}, err, "%.40q", c.text)
	}
}

func FuzzTokens(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, valid := tokens(text)
		got, err := ours(t, text)
		require.Equal(t, valid, err == nil, "%v", err)
		require.Equal(t, want, got)
	})
}

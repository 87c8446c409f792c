package interop

import (
	"context"
	"errors"
	"io/fs"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tomltest "github.com/toml-lang/toml-test/v2"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// tomlFiles are the files of the TOML test suite for version 1.0.
func tomlFiles(t testing.TB) map[string]string {
	t.Helper()
	suite := tomltest.TestCases()
	list, err := fs.ReadFile(suite, "files-toml-1.0.0")
	require.NoError(t, err)
	files := map[string]string{}
	for name := range strings.FieldsSeq(string(list)) {
		if strings.HasSuffix(name, ".toml") {
			text, err := fs.ReadFile(suite, name)
			require.NoError(t, err)
			files[name] = string(text)
		}
	}
	require.Greater(t, len(files), 600)
	return files
}

// sealTOML encrypts a document for the demo identity, under rules.
func sealTOML(t testing.TB, text string, r envfile.Rules) (*envfile.Document, *envfile.Sealed, error) {
	t.Helper()
	d, err := envfile.Parse(envfile.TOML, []byte(text))
	if err != nil {
		return nil, nil, err
	}
	s, _, err := envfile.Seal(context.Background(), d, r, demo.to)
	return d, s, err
}

// decode returns the values that a well-maintained library reads from a document.
func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	_, err := toml.Decode(text, &v)
	require.NoError(t, err, "%s", text)
	return v
}

// same compares decoded values. NaN is itself, and an array of tables is an array.
func same(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (a == b || a != a && b != b)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if other, ok := b[k]; !ok || !same(a[k], other) {
				return false
			}
		}
		return true
	}
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Kind() == reflect.Slice && y.Kind() == reflect.Slice && x.Len() == y.Len() {
		for i := range x.Len() {
			if !same(x.Index(i).Interface(), y.Index(i).Interface()) {
				return false
			}
		}
		return true
	}
	if x, ok := a.(time.Time); ok {
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	}
	return reflect.DeepEqual(a, b)
}

// goValue returns a tree in the form of the library's decoder. Strings replace
// local dates and times, which are the library's own types.
func goValue(t testing.TB, n *envfile.Node) any {
	t.Helper()
	var v any = n.Text
	var err error
	switch {
	case n.Kind == envfile.Map:
		m := map[string]any{}
		for e := range n.Entries() {
			m[e.Key] = goValue(t, e)
		}
		return m
	case n.Kind == envfile.List:
		l := []any{}
		for e := range n.Entries() {
			l = append(l, goValue(t, e))
		}
		return l
	case n.Type == crypto.Int:
		v, err = strconv.ParseInt(n.Text, 10, 64)
	case n.Type == crypto.Float:
		v, err = strconv.ParseFloat(n.Text, 64)
	case n.Type == crypto.Bool:
		v, err = strconv.ParseBool(n.Text)
	case n.Type == crypto.Time:
		v, err = time.Parse(time.RFC3339, n.Text)
	}
	require.NoError(t, err)
	return v
}

// localTexts replaces the library's local dates and times with our strings, which
// must have the same value.
func localTexts(t testing.TB, v, ours any) any {
	t.Helper()
	switch v := v.(type) {
	case time.Time:
		text, ok := ours.(string)
		if !ok {
			return v
		}
		form, known := map[string]string{
			"datetime-local": "2006-01-02T15:04:05", "date-local": "2006-01-02", "time-local": "15:04:05",
		}[v.Location().String()]
		require.True(t, known, v.Location())
		read, err := time.ParseInLocation(form, strings.ToUpper(strings.Replace(text, " ", "T", 1)), v.Location())
		require.NoError(t, err)
		assert.Equal(t, v.Format(form+".999999999"), read.Format(form+".999999999"))
		return text
	case map[string]any:
		if m, ok := ours.(map[string]any); ok {
			for k := range v {
				v[k] = localTexts(t, v[k], m[k])
			}
		}
		return v
	}
	list, other := reflect.ValueOf(v), reflect.ValueOf(ours)
	if list.Kind() != reflect.Slice || other.Kind() != reflect.Slice || list.Len() != other.Len() {
		return v
	}
	out := make([]any, list.Len())
	for i := range out {
		out[i] = localTexts(t, list.Index(i).Interface(), other.Index(i).Interface())
	}
	return out
}

// TestTOMLReadsAsTheLibrary checks that we and the library read the same values
// from every valid file.
func TestTOMLReadsAsTheLibrary(t *testing.T) {
	for name, text := range tomlFiles(t) {
		if !strings.HasPrefix(name, "valid/") {
			continue
		}
		d, err := envfile.Parse(envfile.TOML, []byte(text))
		require.NoError(t, err, name)
		ours := goValue(t, d.Roots()[0])
		theirs := localTexts(t, decode(t, text), ours)
		if theirs == nil || reflect.ValueOf(theirs).Len() == 0 {
			theirs = map[string]any{}
		}
		assert.True(t, same(ours, theirs), "%s\n%s\nours %#v\ntheirs %#v", name, text, ours, theirs)
	}
}

// TestTOMLValid encrypts every valid file of the suite. It decrypts to the same
// bytes. If the format cannot keep the form of a value, it decrypts to a value that
// the library considers equal, with a warning.
func TestTOMLValid(t *testing.T) {
	files, identical, total := tomlFiles(t), 0, 0
	for name, text := range files {
		if !strings.HasPrefix(name, "valid/") {
			continue
		}
		t.Run(strings.TrimSuffix(name, ".toml"), func(t *testing.T) {
			d, s, err := sealTOML(t, text, envfile.Rules{})
			total++
			require.NoError(t, err, "%s", text)
			for p, n := range s.Roots()[0].Leaves() {
				assert.True(t, n.Text == "" || crypto.IsSealed(n.Text), "%s stands in clear", p)
			}
			decode(t, string(s.Bytes())) // any reader of TOML reads it
			again, err := envfile.ParseSealed(envfile.TOML, s.Bytes())
			require.NoError(t, err)
			o, err := again.Open(t.Context(), demo.ids...)
			require.NoError(t, err)
			plain, err := o.Text()
			require.NoError(t, err)
			warnings, err := d.Warnings(envfile.Rules{})
			require.NoError(t, err)
			if string(plain) == text {
				identical++
				assert.Empty(t, warnings)
				return
			}
			assert.NotEmpty(t, warnings)
			assert.True(t, same(decode(t, text), decode(t, string(plain))), "%s\n---\n%s", text, plain)
		})
	}
	t.Logf("%d of %d valid files come back byte for byte, the rest with the same values", identical, total)
	assert.Greater(t, total, 190)
	assert.Greater(t, identical, total*2/3)
}

// Unencrypted values are never changed, in any form.
func TestTOMLClear(t *testing.T) {
	for name, text := range tomlFiles(t) {
		if !strings.HasPrefix(name, "valid/") {
			continue
		}
		_, s, err := sealTOML(t, text, envfile.Rules{EncryptedSuffix: "nothing ends so"})
		require.NoError(t, err, name)
		assert.True(t, strings.HasPrefix(string(s.Bytes()), text), name)
		o, err := s.Open(t.Context(), demo.ids...)
		require.NoError(t, err, name)
		plain, err := o.Text()
		require.NoError(t, err, name)
		assert.Equal(t, text, string(plain), name)
	}
}

// TestTOMLInvalid: each invalid file of the suite is refused, with a line.
func TestTOMLInvalid(t *testing.T) {
	tried := 0
	for name, text := range tomlFiles(t) {
		if !strings.HasPrefix(name, "invalid/") {
			continue
		}
		tried++
		_, err := envfile.Parse(envfile.TOML, []byte(text))
		var at *envfile.SyntaxError
		if assert.Error(t, err, "%s:\n%s", name, text) && assert.True(t, errors.As(err, &at), "%s: %v", name, err) {
			assert.Positive(t, at.Line, name)
		}
	}
	assert.Greater(t, tried, 400)
	t.Logf("%d invalid files are refused", tried)
}

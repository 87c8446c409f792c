package sealcfgtest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unsafe"
)

// minLength is the minimum length of a value to search for. Shorter values occur by
// chance.
const minLength = 4

// A TB is the part of *testing.T and *testing.B that [AssertNoLeak] uses.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// AssertNoLeak fails the test if the value of a [sealcfg.Secret] in settings occurs
// in one of the outputs. It finds values unchanged, escaped for a URL, JSON, HTML
// or Go, in base64 (also within a longer string, such as a header for basic
// authentication), in hex, and as a list of bytes. It also checks unexported
// fields. It reports whether the test passed. Messages contain the secret's path in
// Go, never its value.
//
// It also fails if it cannot check: there is no output, there is no secret, no
// secret is set, or one is shorter than 4 characters. Give secrets longer values in
// tests. It skips secrets that hold a bool.
func AssertNoLeak(t TB, settings any, output ...string) bool {
	t.Helper()
	f := finder{seen: make(map[visit]bool)}
	if settings != nil {
		v := reflect.New(reflect.TypeOf(settings)).Elem() // addressable fields can be read, even unexported ones
		v.Set(reflect.ValueOf(settings))
		f.find(v, v.Type().String(), false)
	}
	ok := true
	if len(output) == 0 {
		t.Errorf("no output to check")
		ok = false
	}
	if len(f.found) == 0 && len(f.short) == 0 {
		t.Errorf("no secret is set in %T, so there is no value to look for", settings)
		ok = false
	}
	for _, name := range f.short {
		t.Errorf("%s is too short to look for; in this test, give it %d characters or more", name, minLength)
		ok = false
	}
	for i, text := range output {
		for _, s := range f.found {
			if form := shows(text, s.value); form != "" {
				t.Errorf("output %d shows %s, %s", i+1, s.name, form)
				ok = false
			}
		}
	}
	return ok
}

type found struct{ name, value string }

type visit struct {
	at  unsafe.Pointer
	typ reflect.Type
}

// A finder walks settings and collects the values of their secrets.
type finder struct {
	found []found
	short []string
	seen  map[visit]bool
}

// find collects the secrets in v. Within a secret, it collects all strings and
// numbers.
func (f *finder) find(v reflect.Value, name string, within bool) {
	if v.CanAddr() {
		v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	}
	if isSecret(v.Type()) {
		if v.MethodByName("IsSet").Call(nil)[0].Bool() {
			f.find(addressable(v.MethodByName("Expose").Call(nil)[0]), name, true)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		at := visit{v.UnsafePointer(), v.Type()}
		if !v.IsNil() && !f.seen[at] {
			f.seen[at] = true
			f.find(v.Elem(), name, within)
		}
	case reflect.Interface:
		if !v.IsNil() {
			f.find(addressable(v.Elem()), name, within)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.find(v.Field(i), name+"."+v.Type().Field(i).Name, within)
		}
	case reflect.Slice, reflect.Array:
		if within && v.Type().Elem().Kind() == reflect.Uint8 {
			f.add(name, bytesOf(v))
			return
		}
		for i := range v.Len() {
			f.find(v.Index(i), fmt.Sprintf("%s[%d]", name, i), within)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			f.find(addressable(it.Key()), name+"[key]", within)
			f.find(addressable(it.Value()), name+"[…]", within)
		}
	default:
		if within {
			f.scalar(v, name)
		}
	}
}

func (f *finder) scalar(v reflect.Value, name string) {
	switch {
	case v.Kind() == reflect.String:
		f.add(name, v.String())
	case v.CanInt(), v.CanUint(), v.CanFloat():
		f.add(name, fmt.Sprint(v.Interface()))
	}
}

func (f *finder) add(name, value string) {
	switch {
	case value == "":
	case len(value) < minLength:
		f.short = append(f.short, name)
	default:
		f.found = append(f.found, found{name, value})
	}
}

// isSecret reports whether a type is sealcfg.Secret[T], for any T.
func isSecret(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == "github.com/sealcfg/sealcfg" && strings.HasPrefix(t.Name(), "Secret[")
}

func addressable(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	if !v.CanInterface() { // a value from an unexported map cannot be copied
		return v
	}
	c.Set(v)
	return c
}

func bytesOf(v reflect.Value) string {
	b := make([]byte, v.Len())
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	return string(b)
}

// shows returns the form in which text contains value, or "".
func shows(text, value string) string {
	for _, form := range []struct{ name, text string }{
		{"unchanged", value},
		{"escaped for JSON", inner(jsonText(value))},
		{"quoted as in Go", inner(strconv.Quote(value))},
		{"quoted as in Go", inner(strconv.QuoteToASCII(value))},
		{"escaped for HTML", html.EscapeString(value)},
	} {
		if strings.Contains(text, form.text) {
			return form.name
		}
	}
	lower := strings.ToLower(text)
	for _, escaped := range []string{url.QueryEscape(value), url.PathEscape(value)} {
		if strings.Contains(lower, strings.ToLower(escaped)) {
			return "escaped for a URL"
		}
	}
	unbroken := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	for _, form := range base64Forms(value) {
		if strings.Contains(unbroken, form) {
			return "in base64"
		}
	}
	bare := strings.NewReplacer(" ", "", ",", "", ":", "", "-", "", "\n", "", "0x", "", `\x`, "").Replace(lower)
	if strings.Contains(bare, hex.EncodeToString([]byte(value))) {
		return "in hex"
	}
	decimal := strings.Trim(fmt.Sprint([]byte(value)), "[]")
	if strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(text, ",", " ")), " "), decimal) {
		return "as a list of bytes"
	}
	return ""
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

func jsonText(s string) string {
	text, _ := json.Marshal(s) // of a string never fails
	return string(text)
}

// base64Forms returns the base64 characters that depend only on the value, for each of the
// three offsets at which it can begin.
func base64Forms(value string) []string {
	var forms []string
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			all := enc.EncodeToString([]byte(strings.Repeat("\x00", before) + value))
			bits := (before + len(value)) * 8
			first, last := (before*8+5)/6, bits/6 // whole characters of the value
			if last-first >= minLength {
				forms = append(forms, all[first:last])
			}
		}
	}
	return forms
}

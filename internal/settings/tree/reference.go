package tree

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/sealcfg/sealcfg/source"
)

const (
	// RefPrefix begins a value that names a secret elsewhere: ref+vault://secret/app#password.
	RefPrefix = "ref+"
	// LiteralPrefix begins a value that is the text behind it, whatever that is.
	LiteralPrefix = RefPrefix + "echo://"
)

// IsReference says that a text is meant to be a reference: ref+ and a scheme of
// lower-case letters and digits.
func IsReference(text string) bool {
	scheme, ok := strings.CutPrefix(text, RefPrefix)
	if !ok {
		return false
	}
	scheme, _, ok = strings.Cut(scheme, "://")
	return ok && scheme != "" && strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

var errReference = errors.New("expected ref+SCHEME://NAME#KEY; if the value is not a reference, write ref+echo:// before it")

// ParseReference reads what isReference.
func ParseReference(text string) (source.Reference, error) {
	scheme, rest, _ := strings.Cut(strings.TrimPrefix(text, RefPrefix), "://")
	rest, key, _ := strings.Cut(rest, "#")
	name, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil || name == "" { // the library's words quote the text
		return source.Reference{}, errReference
	}
	return source.Reference{Scheme: scheme, Name: name, Query: values, Key: strings.TrimPrefix(key, "/")}, nil
}

var (
	errNoObject = errors.New("the secret is not a JSON object, so it has no fields")
	errNoField  = errors.New("the secret has no such field")
)

// FieldOfJSON returns a field of a JSON object: a string as it is, anything else
// as JSON. A null counts as no field.
func FieldOfJSON(text, key string) (string, error) {
	raw := json.RawMessage(text)
	for step := range strings.SplitSeq(key, "/") {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil || object == nil { // the library's words may quote it
			return "", errNoObject
		}
		field, ok := object[step]
		if !ok || string(field) == "null" {
			return "", errNoField
		}
		raw = field
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, nil
	}
	return string(raw), nil
}

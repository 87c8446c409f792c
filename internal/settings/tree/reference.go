package tree

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/sealcfg/sealcfg/source"
)

const (
	// RefPrefix starts a reference to a secret in a secret manager:
	// ref+vault://secret/app#password.
	RefPrefix = "ref+"
	// LiteralPrefix starts a literal value: the text after it is used unchanged, even if it looks
	// like a reference.
	LiteralPrefix = RefPrefix + "echo://"
)

// IsReference reports whether text starts like a reference: with ref+, a scheme of lower-case
// letters and digits, and ://.
func IsReference(text string) bool {
	scheme, ok := strings.CutPrefix(text, RefPrefix)
	if !ok {
		return false
	}
	scheme, _, ok = strings.Cut(scheme, "://")
	return ok && scheme != "" && strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

var errReference = errors.New("expected ref+SCHEME://NAME#KEY; if the value is not a reference, write ref+echo:// before it")

// ParseReference parses text, for which IsReference must be true. Its errors do not quote text.
func ParseReference(text string) (source.Reference, error) {
	scheme, rest, _ := strings.Cut(strings.TrimPrefix(text, RefPrefix), "://")
	rest, key, _ := strings.Cut(rest, "#")
	name, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil || name == "" { // the library's error quotes the text
		return source.Reference{}, errReference
	}
	return source.Reference{Scheme: scheme, Name: name, Query: values, Key: strings.TrimPrefix(key, "/")}, nil
}

var (
	errNoObject = errors.New("the secret is not a JSON object, so it has no fields")
	errNoField  = errors.New("the secret has no such field")
)

// FieldOfJSON returns the field of a JSON object under key. A slash in key separates nested fields.
// Strings are returned without quotes, other values as JSON. A null counts as a missing field.
func FieldOfJSON(text, key string) (string, error) {
	raw := json.RawMessage(text)
	for step := range strings.SplitSeq(key, "/") {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil || object == nil { // the library's error may quote the secret
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

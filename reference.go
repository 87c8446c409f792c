package sealcfg

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

const (
	// refPrefix begins a value that names a secret elsewhere: ref+vault://secret/app#password.
	refPrefix = "ref+"
	// literalPrefix begins a value that is the text behind it, whatever that is.
	literalPrefix = refPrefix + "echo://"
)

// A Reference names a secret that lies with a manager.
type Reference struct {
	// Scheme says which manager: awssm, vault.
	Scheme string
	// Name is what stands between :// and ? or #, not unescaped: prod/db.
	Name string
	// Query holds what stands behind the question mark.
	Query url.Values
	// Key is the field of a secret that is a JSON object, with slashes between
	// levels; "" means all of it. The loader looks it up, not the resolver.
	Key string
}

// String spells the reference without its query.
func (r Reference) String() string {
	text := refPrefix + r.Scheme + "://" + r.Name
	if r.Key != "" {
		text += "#" + r.Key
	}
	return text
}

// Parameters returns an error if the query of the reference has a parameter that
// is not among the allowed ones, or one of them more than once. A resolver calls it
// so that a parameter that it does not obey is not passed over.
func (r Reference) Parameters(allowed ...string) error {
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		switch {
		case !slices.Contains(allowed, name):
			return fmt.Errorf("reference parameter %q is not allowed; the program's environment sets the server and credentials", name)
		case len(r.Query[name]) > 1:
			return fmt.Errorf("reference parameter %q occurs twice", name)
		}
	}
	return nil
}

// isReference says that a text is meant to be a reference: ref+ and a scheme of
// lower-case letters and digits.
func isReference(text string) bool {
	scheme, ok := strings.CutPrefix(text, refPrefix)
	if !ok {
		return false
	}
	scheme, _, ok = strings.Cut(scheme, "://")
	return ok && scheme != "" && strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

var errReference = errors.New("expected ref+SCHEME://NAME#KEY; if the value is not a reference, write ref+echo:// before it")

// parseReference reads what isReference.
func parseReference(text string) (Reference, error) {
	scheme, rest, _ := strings.Cut(strings.TrimPrefix(text, refPrefix), "://")
	rest, key, _ := strings.Cut(rest, "#")
	name, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil || name == "" { // the library's words quote the text
		return Reference{}, errReference
	}
	return Reference{Scheme: scheme, Name: name, Query: values, Key: strings.TrimPrefix(key, "/")}, nil
}

var (
	errNoObject = errors.New("the secret is not a JSON object, so it has no fields")
	errNoField  = errors.New("the secret has no such field")
)

// fieldOfJSON returns a field of a JSON object: a string as it is, anything else
// as JSON. A null counts as no field.
func fieldOfJSON(text, key string) (string, error) {
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

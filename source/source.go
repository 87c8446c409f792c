// Package source holds what package sealcfg and the authors of resolvers exchange: where a
// value came from ([Origin]), and how a value names a secret of a secret manager ([Reference]).
package source

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
)

// An Origin says where a setting came from. Its zero value means nowhere: not set.
type Origin struct {
	// File is the path as the options gave it, joined with the file's name. With
	// Variable, it is where [WithVariables] says that the variable comes from.
	File string
	// Line and Column count from 1, columns in characters; they are 0 if the
	// file as a whole is meant.
	Line, Column int
	// Variable is the name of a variable of the process environment, as it is
	// spelled there.
	Variable string
	// Default says that the value stands in the struct's default tag.
	Default bool
	// Place names what is none of these: a flag (--db.port), what [Set] sets, or
	// a secret of a manager. With File, the file names the secret.
	Place string
}

// String returns file:line:column, $VARIABLE, "file: $VARIABLE", the place (with
// what names it before it), "default" or "not set".
func (o Origin) String() string {
	place := o.Place
	if o.Place = ""; place != "" && o == (Origin{}) {
		return place
	}
	if place != "" {
		return o.String() + ": " + place
	}
	switch {
	case o.Variable != "" && o.File != "":
		return o.File + ": $" + o.Variable
	case o.Variable != "":
		return "$" + o.Variable
	case o.File != "" && o.Line > 0:
		return fmt.Sprintf("%s:%d:%d", o.File, o.Line, o.Column)
	case o.File != "":
		return o.File
	case o.Default:
		return "default"
	}
	return "not set"
}

// A Resolver asks a manager of secrets. A value that is a text and begins with
// ref+SCHEME:// is replaced by what the resolver of that scheme returns:
//
//	password: ref+awssm://prod/db#password
//
// It does not matter where the text comes from (a file, a .env file, a secrets
// directory, a variable, a flag, another source), but for [Set], whose values are
// taken as they are. A value that must begin with ref+SCHEME:// is written with
// ref+echo:// before it. What a resolver returns is not looked at again.
//
// The host and the credentials are those of the program, never those of a
// reference. Implementations are safe for concurrent use.
type Resolver interface {
	// Schemes returns the schemes that it is for.
	Schemes() []string
	// Resolve returns a secret as a whole, once for all references to it in one
	// load, and for several secrets at once. It must end when ctx does; errors
	// carry no secret. See also [Shared].
	Resolve(ctx context.Context, ref Reference) (string, error)
}

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
	text := "ref+" + r.Scheme + "://" + r.Name
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

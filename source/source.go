// Package source declares the origin of a setting ([Origin]) and the types for authors of
// resolvers: [Reference] and [Resolver].
package source

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
)

// An Origin is where a setting came from. The zero value means that it is not set.
type Origin struct {
	// File is the path of the file, below the directory that the options name. If
	// Variable is set, too, File names the source of the variable, such as a .env file.
	File string
	// Line and Column count from 1, columns in characters. They are 0 for the file as
	// a whole.
	Line, Column int
	// Variable is the name of an environment variable, in its own case.
	Variable string
	// Default reports whether the value comes from the field's default tag.
	Default bool
	// Place names any other origin: a flag (--db.port), "set in code", or a secret of
	// a secret manager. With File or Variable, that is where the reference was found.
	Place string
}

// String returns file:line:column, $VARIABLE, "file: $VARIABLE", Place (after the
// position of the reference), "default" or "not set".
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

// A Resolver returns secrets of a secret manager. A string that begins with ref+SCHEME://
// is replaced by the secret that the resolver of that scheme returns:
//
//	password: ref+awssm://prod/db#password
//
// The string may come from a file, a variable, a flag or any other source except
// sealcfg.Set. To write a value that begins with ref+SCHEME://, put ref+echo:// before it.
// A returned secret is never read as a reference itself.
//
// The program chooses the server and the credentials; a reference cannot. Implementations
// must be safe for concurrent use.
type Resolver interface {
	// Schemes returns the schemes that the resolver accepts.
	Schemes() []string
	// Resolve returns a whole secret. In one load, it is called once for all references
	// to the secret, and concurrently for several secrets. It must end when ctx does, and
	// its errors must not contain secrets. See also sealcfg.Shared.
	Resolve(ctx context.Context, ref Reference) (string, error)
}

// A Reference names a secret of a secret manager.
type Reference struct {
	// Scheme names the secret manager: awssm, vault.
	Scheme string
	// Name is the part between :// and ? or #, as written: prod/db.
	Name string
	// Query holds the parameters after the question mark.
	Query url.Values
	// Key is the field of a secret that is a JSON object, with slashes between levels,
	// and "" for the whole secret. The loader reads the field, not the resolver.
	Key string
}

// String returns the reference without its query.
func (r Reference) String() string {
	text := "ref+" + r.Scheme + "://" + r.Name
	if r.Key != "" {
		text += "#" + r.Key
	}
	return text
}

// Parameters returns an error if the query has a parameter that is not in allowed, or one
// of them more than once. A resolver calls it to reject parameters that it does not
// support.
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

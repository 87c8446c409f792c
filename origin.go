package sealcfg

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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

// ofManager reports whether a secret manager returned the value.
func (o Origin) ofManager() bool {
	if strings.HasPrefix(o.Place, refPrefix) {
		return true
	}
	scheme, _, ok := strings.Cut(o.Place, ":")
	return ok && managerOf(scheme) != ""
}

// within reports whether the value is the contents of a file in one of the secrets
// directories.
func (o Origin) within(secretDirs []string) bool {
	return o.File != "" && o.Line == 0 && o.Variable == "" && slices.ContainsFunc(secretDirs, func(dir string) bool {
		return strings.HasPrefix(o.File, strings.TrimSuffix(filepath.Join(dir, "x"), "x"))
	})
}

// Origins holds the origin of every setting that has a value: [Handle.Origins]
// returns one, and [WithOrigins] has [Load] fill one. It holds no values. Reading it is safe for concurrent use
// once Load has returned.
type Origins struct{ table *originTable }

// An originTable spells paths when it is first asked for one: most programs never do.
type originTable struct {
	all   []placed
	once  sync.Once
	paths []string
	index map[string]int
}

type placed struct {
	at     *place
	origin Origin
}

// Of returns the origin of the setting with the given path, spelled as in
// [Problem]: db.hosts[0]. It is the zero Origin if the setting has no value.
func (o *Origins) Of(path string) Origin {
	t := o.spelled()
	if i, ok := t.index[path]; ok {
		return t.all[i].origin
	}
	return Origin{}
}

// All yields path and origin of each setting, in the order of the struct's
// fields. Lists and maps are yielded entry by entry. A key of a map within a [Secret]
// is [secret] in the path.
func (o *Origins) All() iter.Seq2[string, Origin] {
	return func(yield func(string, Origin) bool) {
		t := o.spelled()
		for i, p := range t.all {
			if !yield(t.paths[i], p.origin) {
				return
			}
		}
	}
}

func newOrigins(all []placed) *Origins { return &Origins{table: &originTable{all: all}} }

func (o *Origins) spelled() *originTable {
	t := o.table
	if t == nil {
		return &originTable{}
	}
	t.once.Do(func() {
		t.paths, t.index = make([]string, len(t.all)), make(map[string]int, len(t.all))
		for i, p := range t.all {
			t.paths[i] = p.at.path()
			t.index[p.at.realPath()] = i
		}
	})
	return t
}

package sealcfg

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Kind classifies problems and warnings. The texts do not change between versions.
type Kind string

// The kinds of problems.
const (
	KindMissing Kind = "missing" // a required setting has no value
	KindUnknown Kind = "unknown" // a key of a file, or a variable, has no field
	KindType    Kind = "type"    // the value in the file is not of the field's type
	KindFormat  Kind = "format"  // a text cannot be parsed as the field's type; also for warnings about lines of a file
	KindRange   Kind = "range"   // a number is outside the range of the field
	KindInvalid Kind = "invalid" // a check or a method rejected the value, or a reference cannot be resolved

	// KindDeprecated is for warnings only: a source uses a deprecated name.
	KindDeprecated Kind = "deprecated"
	// KindKeySource is for warnings only: a key source is broken, and an identity from
	// another one decrypted the files.
	KindKeySource Kind = "key source"
	// KindProject is for warnings only, about the project instead of a setting: a file
	// without a binding, or an entry of sealcfg.yaml or .sops.yaml that has no effect.
	KindProject Kind = "project"
)

// A Problem is an error in one setting, or a warning about it. It contains no value.
type Problem struct {
	Path   string // such as db.hosts[0].port; "" for the settings as a whole
	Kind   Kind
	Origin Origin // of the value or the key, zero if there is none
	Reason string // what is wrong
	Hint   string // how to fix it, or ""

	// A closure, because printers that walk fields (%#v, the diff of a test) do not look
	// into one. The text of the error may quote the value.
	cause func() *tree.Hidden
}

// Error returns the problem in one line: path, origin, reason and hint.
func (p *Problem) Error() string {
	if p.Kind == KindProject {
		return tree.OneLine(p.Origin.String() + ": " + p.text())
	}
	return tree.OneLine(p.name() + ": " + p.Origin.String() + ": " + p.text())
}

// Unwrap returns the [FieldError] of a validation, or nil for other problems. Errors of
// UnmarshalText, Validate and resolvers are not in the chain, because they, or errors that
// they wrap, may quote the value. errors.Is and errors.As find them: see [Problem.As].
func (p *Problem) Unwrap() error {
	if p.cause == nil {
		return nil
	}
	if e, ok := p.cause().Err.(*FieldError); ok {
		return e
	}
	return nil
}

// Is reports whether target is the error of the UnmarshalText or Validate method or of the
// resolver, or is wrapped by that error.
func (p *Problem) Is(target error) bool { return p.cause != nil && p.cause().Is(target) }

// As finds the error of an UnmarshalText or Validate method or of a resolver by its
// concrete type, such as *MyError. It does not find an error that quotes the value, nor
// an error that a Validate method or a resolver wraps but whose text it does not show.
func (p *Problem) As(target any) bool { return p.cause != nil && p.cause().As(target) }

// problemOf converts a problem to the exported type.
func problemOf(p *tree.Problem) *Problem {
	public := &Problem{Path: p.Path, Kind: Kind(p.Kind), Origin: p.Origin, Reason: p.Reason, Hint: p.Hint}
	if cause := p.Cause; cause != nil {
		public.cause = func() *tree.Hidden { return cause }
	}
	return public
}

func problemsOf(all []*tree.Problem) []*Problem {
	var public []*Problem
	for _, p := range all {
		public = append(public, problemOf(p))
	}
	return public
}

func (p *Problem) name() string {
	if p.Path == "" {
		return "(all)"
	}
	return p.Path
}

// text returns reason and hint in one line. A reason from errors.Join has several lines.
func (p *Problem) text() string {
	reason := strings.ReplaceAll(strings.TrimSpace(p.Reason), "\n", "; ")
	switch {
	case p.Hint == "":
		return reason
	case p.Kind == KindMissing && p.Origin == (Origin{}): // the origin says "not set" already
		return p.Hint
	}
	return reason + "; " + p.Hint
}

// An Error holds all problems with the settings of one environment.
type Error struct {
	Env      string     // "" with [WithoutFiles]
	Problems []*Problem // at least one; missing settings come last
}

// Error returns a table with a line for each problem: path, origin, reason and hint. It
// contains no value.
func (e *Error) Error() string {
	var rows [][3]string
	var width [2]int
	for _, p := range e.Problems {
		row := [3]string{tree.OneLine(p.name()), tree.OneLine(p.Origin.String()), tree.OneLine(p.text())}
		for i := range width {
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	b.WriteString("settings")
	if e.Env != "" {
		fmt.Fprintf(&b, " for %q", e.Env)
	}
	fmt.Fprintf(&b, ": %d problem", len(e.Problems))
	if len(e.Problems) != 1 {
		b.WriteByte('s')
	}
	for _, row := range rows {
		fmt.Fprintf(&b, "\n  %-*s  %-*s  %s", width[0], row[0], width[1], row[1], row[2])
	}
	return b.String()
}

// Unwrap returns the problems, for errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// A FieldError is the error of a validation for one field. A Validate method can return it,
// too; Field is then a field of the method's type.
type FieldError struct {
	Field  string // path of Go names: DB.Port, Hosts[0].Name, Labels[team]
	Reason string // what the value must be; it must not quote the value
}

// Error returns field and reason.
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

func (publicTypes) FieldError(err error) (field *plan.FieldError, is bool) {
	var e *FieldError
	if !errors.As(err, &e) {
		return nil, false
	}
	_, is = err.(*FieldError)
	return &plan.FieldError{Path: e.Field, Reason: e.Reason, Err: e}, is
}

// problemJSON is the stable JSON form of a [Problem].
type problemJSON struct {
	Path   string      `json:"path"`
	Kind   Kind        `json:"kind"`
	Origin *originJSON `json:"origin,omitempty"`
	Reason string      `json:"reason"`
	Hint   string      `json:"hint,omitempty"`
}

type originJSON struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Variable string `json:"variable,omitempty"`
	Default  bool   `json:"default,omitempty"`
	Place    string `json:"place,omitempty"`
}

// MarshalJSON returns an object with path, kind, origin, reason and hint. It omits an empty
// origin and an empty hint. It contains no value.
func (p *Problem) MarshalJSON() ([]byte, error) {
	form := problemJSON{Path: p.Path, Kind: p.Kind, Reason: p.Reason, Hint: p.Hint}
	if p.Origin != (Origin{}) {
		o := originJSON(p.Origin)
		form.Origin = &o
	}
	return json.Marshal(form)
}

// MarshalJSON returns an object with env, omitted if empty, and the list problems. It
// contains no value.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Env      string     `json:"env,omitempty"`
		Problems []*Problem `json:"problems"`
	}{e.Env, e.Problems})
}

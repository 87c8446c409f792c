package sealcfg

import (
	"encoding"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/internal/dsn"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// maxShown is the maximum length of a value in the table, in characters.
const maxShown = 80

// Explain writes a table of all settings to w, in the order of the struct: path, type,
// value and origin. Lists and maps have a row for each entry. A setting without a value has
// the value - and the origin "not set".
//
// A [Secret] shows as [secret] or [unset]. Any other value shows as [secret] if it comes
// from a secret manager or a secrets directory. Passwords in URLs and DSNs, such as
// user:password@tcp(host)/db, are hidden. All other values are shown, so use a Secret for
// each value that must stay hidden. Long values are cut, and values with control characters
// are quoted.
//
// If the environment has several files, a second table lists them, weakest first, with the
// settings that each one overrides.
//
// The tables are for people, and their layout may change. Explain returns an error only if
// w does.
func (h *Handle[T]) Explain(w io.Writer) error {
	s := h.now.Load()
	return explain(w, h.loader().plan, s.value.Elem(), s)
}

// An explainedLayer is a row of the second table: a file of the environment and the
// settings that it overrides.
type explainedLayer struct {
	file      string
	overrides []string // paths
}

func layersOf(sources []Source) []explainedLayer {
	var layers []explainedLayer
	for _, source := range sources {
		if s, ok := source.(*fileSource); ok {
			layers = append(layers, explainedLayer{s.shown, s.overrides})
		}
	}
	return layers
}

// secretDirsOf returns the secrets directories among the sources.
func secretDirsOf(sources []Source) []string {
	var dirs []string
	for _, source := range sources {
		if s, ok := source.(interface{ secretDir() string }); ok { // by an interface, so that programs without secrets directories do not link them
			dirs = append(dirs, s.secretDir())
		}
	}
	return dirs
}

func explain(w io.Writer, p *plan.Plan, v reflect.Value, s *snapshot) error {
	e := &explainer{origins: s.origins, secretDirs: s.secretDirs, rows: [][4]string{{"PATH", "TYPE", "VALUE", "ORIGIN"}}}
	e.walk(p, v, &tree.FieldPath{})
	if _, err := io.WriteString(w, e.table()+layerTable(s.layers)); err != nil {
		return fmt.Errorf("explain settings: %w", err)
	}
	return nil
}

// nothing is the table entry for a missing value.
const nothing = "-"

type explainer struct {
	origins    *Origins
	secretDirs []string
	rows       [][4]string
}

func (e *explainer) walk(p *plan.Plan, v reflect.Value, at *tree.FieldPath) {
	switch p.Shape {
	case plan.ShapePointer:
		if !v.IsNil() {
			e.walk(p.Elem, v.Elem(), at)
			return
		}
		e.row(p, at, "null")
	case plan.ShapeOptional:
		value, state := plan.OptionalIn(plan.Copy(v)).Held()
		if state == plan.OptionalSet {
			e.walk(p.Elem, value, at)
			return
		}
		e.row(p, at, "null")
	case plan.ShapeSecret:
		e.row(p, at, fmt.Sprint(v.Interface()))
	case plan.ShapeStruct:
		e.group(p, v, at)
	case plan.ShapeList:
		for i := range v.Len() {
			e.walk(p.Elem, v.Index(i), at.Index(i, Origin{}))
		}
		if v.Len() == 0 {
			e.row(p, at, "[]")
		}
	case plan.ShapeMap:
		byName := make(map[string]reflect.Value)
		for it := v.MapRange(); it.Next(); {
			byName[plan.KeyText(it.Key())] = it.Value()
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			e.walk(p.Elem, byName[name], at.Key(name, ""))
		}
		if len(byName) == 0 {
			e.row(p, at, "{}")
		}
	default:
		if p.IsPointerScalar() && v.IsNil() { // String of a nil *time.Location returns UTC
			e.row(p, at, "null")
			return
		}
		e.row(p, at, shownValue(v))
	}
}

func (e *explainer) group(p *plan.Plan, v reflect.Value, at *tree.FieldPath) {
	for i := range p.Fields {
		f := &p.Fields[i]
		e.walk(f.Plan, v.FieldByIndex(f.Index), at.Key(f.Name, f.Variable))
	}
	if p.Union == nil {
		return
	}
	for _, variant := range p.Union.Variants { // the settings of a variant are on the same level as kind
		if x := v.FieldByIndex(variant.Index); !x.IsNil() {
			e.group(variant.Plan.Elem, x.Elem(), at)
		}
	}
}

func (e *explainer) row(p *plan.Plan, at *tree.FieldPath, value string) {
	path := at.Text()
	origin, secret := e.beneath(path)
	switch {
	case value == tree.Redacted || value == tree.Unset:
	case origin == (Origin{}).String():
		value = nothing
	case secret:
		value = tree.Redacted
	}
	e.rows = append(e.rows, [4]string{tree.OneLine(path), tree.OneLine(p.TypeName()), value, tree.OneLine(origin)})
}

// beneath returns the origin of a path, or of the first setting below it, and whether
// any of them is a secret by its origin.
func (e *explainer) beneath(path string) (text string, secret bool) {
	others := 0
	for name, origin := range e.origins.All() {
		rest, ok := strings.CutPrefix(name, path)
		if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		secret = secret || ofManager(origin) || within(origin, e.secretDirs)
		switch {
		case rest == "":
			return origin.String(), secret
		case text == "":
			text = origin.String()
		default:
			others++
		}
	}
	switch {
	case text == "":
		text = Origin{}.String()
	case others > 0:
		text = fmt.Sprintf("%s and %d more", text, others)
	}
	return text, secret
}

// shownValue returns the text that the table shows for a scalar.
func shownValue(v reflect.Value) string {
	switch x := plan.Copy(v).Interface().(type) {
	case *time.Time:
		return x.Format(time.RFC3339Nano)
	case *url.URL:
		return shownText(x.Redacted())
	case encoding.TextMarshaler:
		if text, err := x.MarshalText(); err == nil {
			return shownText(string(text))
		}
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		return shownText(string(v.Bytes()))
	}
	return shownText(fmt.Sprint(v.Interface()))
}

// shownText returns s as the table shows it: without the passwords of URLs and DSNs, cut to
// maxShown, and quoted if it could be confused with another entry.
func shownText(s string) string {
	s = dsn.Hide(s)
	if utf8.RuneCountInString(s) > maxShown {
		s = string([]rune(s)[:maxShown]) + "…"
	}
	plain := s != "" && s != nothing && s == strings.TrimSpace(s) && s[0] != '"'
	for _, r := range s {
		plain = plain && strconv.IsPrint(r) && r != utf8.RuneError
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}

func (e *explainer) table() string {
	var width [3]int
	for _, row := range e.rows {
		for i := range width {
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range e.rows {
		fmt.Fprintf(&b, "%-*s  %-*s  %-*s  %s\n", width[0], row[0], width[1], row[1], width[2], row[2], row[3])
	}
	return b.String()
}

// layerTable returns the second table, or "" if there is only one file.
func layerTable(layers []explainedLayer) string {
	if len(layers) < 2 {
		return ""
	}
	const head = "LAYER"
	width := len(head)
	for _, l := range layers {
		width = max(width, utf8.RuneCountInString(tree.OneLine(l.file)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-*s  OVERRIDES\n", width, head)
	for _, l := range layers {
		overrides := nothing
		if len(l.overrides) > 0 {
			overrides = tree.OneLine(strings.Join(l.overrides, ", "))
		}
		fmt.Fprintf(&b, "%-*s  %s\n", width, tree.OneLine(l.file), overrides)
	}
	return b.String()
}

// ofManager reports whether a secret manager returned the value.
func ofManager(o Origin) bool {
	if strings.HasPrefix(o.Place, tree.RefPrefix) {
		return true
	}
	scheme, _, ok := strings.Cut(o.Place, ":")
	return ok && managerOf(scheme) != ""
}

// within reports whether the value is the contents of a file in one of the secrets
// directories.
func within(o Origin, secretDirs []string) bool {
	return o.File != "" && o.Line == 0 && o.Variable == "" && slices.ContainsFunc(secretDirs, func(dir string) bool {
		return strings.HasPrefix(o.File, strings.TrimSuffix(filepath.Join(dir, "x"), "x"))
	})
}

package plan

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Constraints holds the checks in the tags of a field, as written. A member is "" or nil if the tag
// is absent.
type Constraints struct {
	Oneof    []string
	Min, Max string // numbers, durations, times, or a count
	Len      string // a count
	Pattern  string
	Checks   []string // names in namedChecks

	// The checks compiled for the field's type.
	Whole []Check // for a value, or for a list or map as a whole
	Each  []Check // for a value, or for each item of a list or map
}

// A Check reports whether a value satisfies a tag.
type Check struct {
	Reason string // "must be …"; never contains the value
	Ok     func(v reflect.Value) bool
	Disk   bool // reads the file system
}

// readConstraints returns the constraints in the tags of a field, and nil if the tags contain no
// checks.
func readConstraints(t reflect.StructTag) *Constraints {
	c := &Constraints{
		Oneof: words(t.Get("oneof")), Min: t.Get("min"), Max: t.Get("max"), Len: t.Get("len"),
		Pattern: t.Get("pattern"), Checks: words(t.Get("check")),
	}
	if len(c.Oneof)+len(c.Checks) == 0 && c.Min+c.Max+c.Len+c.Pattern == "" {
		return nil
	}
	return c
}

// Compile creates the checks for a type. Its errors are mistakes in the tags.
func (c *Constraints) Compile(p *Plan) error {
	whole := p.Core()
	single := whole
	for single.Shape == ShapeList || single.Shape == ShapeMap {
		single = single.Elem.Core()
	}
	if err := c.compileBounds(whole); err != nil {
		return err
	}
	if len(c.Oneof) > 0 {
		if err := c.compileOneOf(single); err != nil {
			return err
		}
	}
	if c.Pattern == "" && len(c.Checks) == 0 {
		return nil
	}
	text := textOf(single)
	if text == nil {
		return fmt.Errorf("its pattern or check tag requires a string, not %s", TypeName(single.Type))
	}
	if c.Pattern != "" {
		re, err := regexp.Compile(c.Pattern)
		if err != nil {
			return fmt.Errorf("its pattern tag: %w", err)
		}
		c.Each = append(c.Each, Check{Reason: "must match " + c.Pattern, Ok: func(v reflect.Value) bool { return re.MatchString(text(v)) }})
	}
	for _, name := range c.Checks {
		i := slices.IndexFunc(namedChecks, func(n NamedCheck) bool { return n.name == name })
		if i < 0 {
			return fmt.Errorf("its check tag: unknown check %q", name)
		}
		n := namedChecks[i]
		c.Each = append(c.Each, Check{Reason: n.reason, Ok: func(v reflect.Value) bool { return n.ok(text(v)) }, Disk: n.disk})
	}
	return nil
}

// compileOneOf parses the words of the oneof tag as values of the type.
func (c *Constraints) compileOneOf(p *Plan) error {
	if p.Shape != ShapeScalar {
		return fmt.Errorf("its oneof tag requires a single value, not %s", TypeName(p.Type))
	}
	var values []reflect.Value
	for _, word := range c.Oneof {
		v := reflect.New(p.Type).Elem()
		if f := p.Decode(v, "", word); f != nil {
			return fmt.Errorf("its oneof tag has a word that is not a valid %s", TypeName(p.Type))
		}
		values = append(values, v)
	}
	c.Each = append(c.Each, Check{Reason: "must be one of " + strings.Join(c.Oneof, ", "), Ok: func(v reflect.Value) bool {
		return slices.ContainsFunc(values, func(w reflect.Value) bool { return Equal(v, w) })
	}})
	return nil
}

func (c *Constraints) compileBounds(p *Plan) error {
	for _, bound := range []struct {
		tag, text, word string
		fits            func(order int) bool
	}{
		{"min", c.Min, "at least ", func(order int) bool { return order >= 0 }},
		{"max", c.Max, "at most ", func(order int) bool { return order <= 0 }},
		{"len", c.Len, "exactly ", func(order int) bool { return order == 0 }},
	} {
		if bound.text == "" {
			continue
		}
		s := ScaleOf(p)
		if s == nil || bound.tag == "len" && s.Unit == "" {
			return fmt.Errorf("its %s tag does not apply to %s", bound.tag, TypeName(p.Type))
		}
		compare, ok := s.bound(bound.text)
		if !ok {
			return fmt.Errorf("its %s tag is not a %s", bound.tag, s.want)
		}
		c.Whole = append(c.Whole, Check{
			Reason: "must " + s.say(bound.word, bound.text),
			Ok:     func(v reflect.Value) bool { order, comparable := compare(v); return comparable && bound.fits(order) },
		})
		if bound.tag == "max" && c.Min != "" && s.above(c.Min, c.Max) {
			return errors.New("its min tag is above its max tag")
		}
	}
	return nil
}

// Words describes the constraints in a few words each.
func (c *Constraints) Words() []string {
	if c == nil {
		return nil
	}
	var words []string
	if len(c.Oneof) > 0 {
		words = append(words, "one of "+strings.Join(c.Oneof, ", "))
	}
	for _, w := range []struct{ tag, text string }{{"min ", c.Min}, {"max ", c.Max}, {"length ", c.Len}, {"matches ", c.Pattern}} {
		if w.text != "" {
			words = append(words, w.tag+w.text)
		}
	}
	return append(words, c.Checks...)
}

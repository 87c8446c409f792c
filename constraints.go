package sealcfg

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// constraints are what the tags of a field ask of its value, as the tags spell
// it: "" and nil where they ask for nothing.
type constraints struct {
	oneof    []string
	min, max string // numbers, durations, times, or a count
	len      string // a count
	pattern  string
	checks   []string // names of namedChecks

	// What that means for the type of the field.
	whole []check // of the value, or of a list or map as a whole
	each  []check // of the value, or of each item of a list or map
}

// A check says whether a value is as a tag wants it.
type check struct {
	reason string // what it must be; carries no value
	ok     func(v reflect.Value) bool
	disk   bool // it looks at the disk
}

// readConstraints returns nil if no tag asks for anything.
func readConstraints(t reflect.StructTag) *constraints {
	c := &constraints{
		oneof: words(t.Get("oneof")), min: t.Get("min"), max: t.Get("max"), len: t.Get("len"),
		pattern: t.Get("pattern"), checks: words(t.Get("check")),
	}
	if len(c.oneof)+len(c.checks) == 0 && c.min+c.max+c.len+c.pattern == "" {
		return nil
	}
	return c
}

// settle makes the checks of a field, and finds a default that is no value of its
// type or breaks them: it would only show up where nothing else sets the field.
// What UnmarshalText takes, and which time zones there are, may depend on the
// machine, so that is for those who need the default.
func (f *field) settle() error {
	if f.limits != nil {
		if err := f.limits.compile(f.plan); err != nil {
			return err
		}
	}
	if f.def == nil || isReference(*f.def) { // a reference is refused where it is resolved
		return nil
	}
	b := &binder{planning: true}
	at := &place{parent: &place{}}
	v, n := reflect.New(f.plan.typ).Elem(), textNode(f.plan, *f.def, Origin{Default: true})
	if b.bind(f.plan, v, n, at); b.count() == 0 && f.limits != nil {
		b.check(f.limits, f.plan, v, n, at)
	}
	problems := b.all()
	if len(problems) > 0 && problems[0].cause == nil && f.plan.core().typ != locationType {
		return errors.New("its default tag: " + problems[0].Reason)
	}
	return nil
}

// compile makes the checks for a type. Errors are mistakes in the tags.
func (c *constraints) compile(p *plan) error {
	whole := p.core()
	single := whole
	for single.shape == shapeList || single.shape == shapeMap {
		single = single.elem.core()
	}
	if err := c.compileBounds(whole); err != nil {
		return err
	}
	if len(c.oneof) > 0 {
		if err := c.compileOneOf(single); err != nil {
			return err
		}
	}
	if c.pattern == "" && len(c.checks) == 0 {
		return nil
	}
	text := textOf(single)
	if text == nil {
		return fmt.Errorf("its pattern or check tag requires a string, not %s", typeName(single.typ))
	}
	if c.pattern != "" {
		re, err := regexp.Compile(c.pattern)
		if err != nil {
			return fmt.Errorf("its pattern tag: %w", err)
		}
		c.each = append(c.each, check{reason: "must match " + c.pattern, ok: func(v reflect.Value) bool { return re.MatchString(text(v)) }})
	}
	for _, name := range c.checks {
		i := slices.IndexFunc(namedChecks, func(n namedCheck) bool { return n.name == name })
		if i < 0 {
			return fmt.Errorf("its check tag: unknown check %q", name)
		}
		n := namedChecks[i]
		c.each = append(c.each, check{reason: n.reason, ok: func(v reflect.Value) bool { return n.ok(text(v)) }, disk: n.disk})
	}
	return nil
}

// compileOneOf reads the words as values of the type.
func (c *constraints) compileOneOf(p *plan) error {
	if p.shape != shapeScalar {
		return fmt.Errorf("its oneof tag requires a single value, not %s", typeName(p.typ))
	}
	var values []reflect.Value
	for _, word := range c.oneof {
		v := reflect.New(p.typ).Elem()
		if f := p.decode(v, "", word); f != nil {
			return fmt.Errorf("its oneof tag has a word that is not a valid %s", typeName(p.typ))
		}
		values = append(values, v)
	}
	c.each = append(c.each, check{reason: "must be one of " + strings.Join(c.oneof, ", "), ok: func(v reflect.Value) bool {
		return slices.ContainsFunc(values, func(w reflect.Value) bool { return same(v, w) })
	}})
	return nil
}

func (c *constraints) compileBounds(p *plan) error {
	for _, bound := range []struct {
		tag, text, word string
		fits            func(order int) bool
	}{
		{"min", c.min, "at least ", func(order int) bool { return order >= 0 }},
		{"max", c.max, "at most ", func(order int) bool { return order <= 0 }},
		{"len", c.len, "exactly ", func(order int) bool { return order == 0 }},
	} {
		if bound.text == "" {
			continue
		}
		s := scaleOf(p)
		if s == nil || bound.tag == "len" && s.unit == "" {
			return fmt.Errorf("its %s tag does not apply to %s", bound.tag, typeName(p.typ))
		}
		compare, ok := s.bound(bound.text)
		if !ok {
			return fmt.Errorf("its %s tag is not a %s", bound.tag, s.want)
		}
		c.whole = append(c.whole, check{
			reason: "must " + s.say(bound.word, bound.text),
			ok:     func(v reflect.Value) bool { order, comparable := compare(v); return comparable && bound.fits(order) },
		})
		if bound.tag == "max" && c.min != "" && s.above(c.min, c.max) {
			return errors.New("its min tag is above its max tag")
		}
	}
	return nil
}

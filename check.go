package sealcfg

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/internal/pattern"
)

// A namedCheck is what a check tag may name. All of them are for texts.
type namedCheck struct {
	name   string
	reason string
	ok     func(text string) bool
	disk   bool // it looks at the disk
}

var namedChecks = []namedCheck{
	{name: "url", reason: "must be a URL with scheme and host", ok: isURL},
	{name: "email", reason: "must be an email address", ok: func(s string) bool { return emailAddress().MatchString(s) }},
	{name: "hostport", reason: "must be host:port", ok: isHostPort},
	{name: "file", reason: "must be an existing file", ok: isFile, disk: true},
	{name: "dir", reason: "must be an existing directory", ok: isDir, disk: true},
}

// emailAddress is what HTML takes in a field for email addresses.
var emailAddress = pattern.New(`^[a-zA-Z0-9.!#$%&'*+/=?^_{|}~` + "`" + `-]+@` + hostLabel + `(?:\.` + hostLabel + `)*$`)

const hostLabel = `[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?`

// isHostPort takes what net.Listen and net.Dial take, with a port in digits: the
// host may be missing, as in ":8080", and an IPv6 address stands in brackets.
func isHostPort(text string) bool {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return false
	}
	host := text[:i]
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok || host == "" {
			return false
		}
	} else if strings.Contains(host, ":") {
		return false
	}
	_, err := strconv.ParseUint(text[i+1:], 10, 16)
	return err == nil && !strings.ContainsAny(host, "[]/ ")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// textOf returns how the text of a value of p is got, nil if it has none.
func textOf(p *plan) func(reflect.Value) string {
	switch {
	case p.shape != shapeScalar:
		return nil
	case isURLType(p.typ):
		return func(v reflect.Value) string { return copyOf(v).Interface().(fmt.Stringer).String() }
	case p.typ.Kind() == reflect.String:
		return reflect.Value.String
	case p.typ.Kind() == reflect.Slice && p.typ.Elem().Kind() == reflect.Uint8:
		return func(v reflect.Value) string { return string(v.Bytes()) }
	}
	return nil
}

// check holds a value that was bound from n to the constraints of its field, and
// reports the first that it breaks.
func (b *binder) check(c *constraints, p *plan, v reflect.Value, n *node, at *place) {
	p, v = valueBehind(p, v)
	if p == nil {
		return
	}
	if b.checkAll(c.whole, v, n, at) {
		b.checkEach(c.each, p, v, n, at)
	}
}

// checkEach checks single values, item by item in a list or map.
func (b *binder) checkEach(checks []check, p *plan, v reflect.Value, n *node, at *place) {
	if len(checks) == 0 {
		return
	}
	p, v = valueBehind(p, v)
	switch {
	case p == nil:
	case p.shape == shapeList:
		for i := range v.Len() {
			b.checkEach(checks, p.elem, v.Index(i), orNode(n.item(i), n), at.index(i, n.origin))
		}
	case p.shape == shapeMap:
		for _, e := range n.entries {
			key := reflect.New(p.typ.Key()).Elem()
			if p.key(key, "", e.key) == nil {
				b.checkEach(checks, p.elem, v.MapIndex(key), e, at.entry(e.key, variableName(e.key)))
			}
		}
	default:
		b.checkAll(checks, v, n, at)
	}
}

// checkAll reports the first check that fails, and whether none does.
func (b *binder) checkAll(checks []check, v reflect.Value, n *node, at *place) bool {
	for _, c := range checks {
		if c.disk && b.planning || c.ok(v) {
			continue
		}
		b.report(&flaw{kind: KindInvalid, reason: c.reason}, at, n.origin)
		return false
	}
	return true
}

// valueBehind returns the value behind pointers, secrets and optionals, and its
// plan; nil if there is none.
func valueBehind(p *plan, v reflect.Value) (*plan, reflect.Value) {
	for {
		switch p.shape {
		case shapePointer:
			if v.IsNil() {
				return nil, v
			}
			v = v.Elem()
		case shapeSecret:
			v = copyOf(v).Interface().(boxed).exposed()
		case shapeOptional:
			held, state := copyOf(v).Interface().(optional).held()
			if state != optionalSet {
				return nil, v
			}
			v = held
		default:
			return p, v
		}
		p = p.elem
	}
}

// orNode is n, or another node if there is none.
func orNode(n, other *node) *node {
	if n == nil {
		return other
	}
	return n
}

package plan

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/internal/pattern"
)

// A NamedCheck is a check that a check tag can name. All named checks apply to strings.
type NamedCheck struct {
	name   string
	reason string
	ok     func(text string) bool
	disk   bool // reads the file system
}

var namedChecks = []NamedCheck{
	{name: "url", reason: "must be a URL with scheme and host", ok: isURL},
	{name: "email", reason: "must be an email address", ok: func(s string) bool { return emailAddress().MatchString(s) }},
	{name: "hostport", reason: "must be host:port", ok: isHostPort},
	{name: "file", reason: "must be an existing file", ok: isFile, disk: true},
	{name: "dir", reason: "must be an existing directory", ok: isDir, disk: true},
}

// emailAddress matches the addresses that an email field in HTML accepts.
var emailAddress = pattern.New(`^[a-zA-Z0-9.!#$%&'*+/=?^_{|}~` + "`" + `-]+@` + hostLabel + `(?:\.` + hostLabel + `)*$`)

const hostLabel = `[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?`

// isHostPort reports whether net.Listen and net.Dial accept text, and its port is a number. The
// host may be missing, as in ":8080". An IPv6 address must be in brackets.
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

// textOf returns a function that returns a value of p as a string, and nil if the values of p are
// not strings, bytes or URLs.
func textOf(p *Plan) func(reflect.Value) string {
	switch {
	case p.Shape != ShapeScalar:
		return nil
	case IsURLType(p.Type):
		return func(v reflect.Value) string { return Copy(v).Interface().(fmt.Stringer).String() }
	case p.Type.Kind() == reflect.String:
		return reflect.Value.String
	case p.Type.Kind() == reflect.Slice && p.Type.Elem().Kind() == reflect.Uint8:
		return func(v reflect.Value) string { return string(v.Bytes()) }
	}
	return nil
}

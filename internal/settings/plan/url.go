package plan

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A url.URL is made by reflection and read by UnmarshalBinary, and a text is held
// to the rules of URLs here: whoever has no such field should not link net/url and
// what it needs for addresses.

func IsURLType(t reflect.Type) bool { return t.PkgPath() == "net/url" && t.Name() == "URL" }

// decodeURL does not keep the library's error: it quotes the text.
func decodeURL(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if typ != "" && typ != crypto.Str {
		return wrongType("a URL", typ, quoteIt)
	}
	if v.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary([]byte(text)) != nil {
		return badText("a URL")
	}
	return nil
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// isURL takes what net/url reads as a URL with scheme and host, but for a host
// that is a port alone, an address with a zone, or a bracket that nothing opened.
func isURL(text string) bool {
	text, fragment, _ := strings.Cut(text, "#")
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !isScheme(scheme) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	rest, _, _ = strings.Cut(rest, "?") // a query is anything
	authority, path, _ := strings.Cut(rest, "/")
	user, host := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, host = authority[:i], authority[i+1:]
	}
	return strings.Trim(user, lower+upper+digits+"-._:~!$&'()*+,;=%@") == "" && isEscaped(user) && isEscaped(path) && isEscaped(fragment) &&
		isURLHost(host, strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// isScheme is RFC 3986, section 3.1.
func isScheme(s string) bool {
	return s != "" && strings.IndexByte(lower+upper, s[0]) >= 0 && strings.Trim(s, lower+upper+digits+"+-.") == ""
}

// isEscaped says that each % begins an escape.
func isEscaped(s string) bool {
	for i := strings.IndexByte(s, '%'); i >= 0; i = strings.IndexByte(s, '%') {
		if len(s) < i+3 || !isHex(s[i+1:i+3]) {
			return false
		}
		s = s[i+3:]
	}
	return true
}

func isHex(s string) bool { return s != "" && strings.Trim(s, digits+"abcdefABCDEF") == "" }

// isURLHost takes a host with or without port. Databases have several of them,
// which the web has not: a:1,b:2.
func isURLHost(host string, web bool) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		address, port, ok := strings.Cut(inner, "]")
		return ok && isIPv6(address) && isPort(port)
	}
	if host == "" || host[0] == ':' {
		return false
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && (!isPort(host[i:]) || web && strings.Count(host, ":") > 1) {
		return false
	}
	for i := 0; i < len(host); i++ {
		switch c := host[i]; {
		case c == '%': // only of what is no ASCII
			if len(host) < i+3 || !isHex(host[i+1:i+3]) || host[i+1] < '8' {
				return false
			}
		case c < 0x80 && strings.IndexByte(lower+upper+digits+"-._~!$&'()*+,;=:<>\"", c) < 0:
			return false
		}
	}
	return true
}

// isPort takes a port with the colon before it, and nothing.
func isPort(s string) bool {
	return s == "" || s[0] == ':' && strings.Trim(s[1:], digits) == ""
}

// isIPv6 takes an address without zone.
func isIPv6(s string) bool {
	most := 8
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.Contains(s, ".") {
		if !isIPv4(s[i+1:]) {
			return false
		}
		s, most = s[:i]+":0", 7 // which takes the place of two groups
	}
	left, right, short := strings.Cut(s, "::")
	n := 0
	for _, side := range []string{left, right} {
		if side == "" {
			continue
		}
		for group := range strings.SplitSeq(side, ":") {
			if len(group) > 4 || !isHex(group) {
				return false
			}
			n++
		}
	}
	return n == most && !short || n < most && short
}

func isIPv4(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil || strconv.FormatUint(n, 10) != p {
			return false
		}
	}
	return len(parts) == 4
}

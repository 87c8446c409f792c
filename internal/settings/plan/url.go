package plan

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A url.URL is created by reflection and parsed by UnmarshalBinary, and isURL implements the rules
// for URLs itself. Programs without such a field therefore do not link net/url and its
// dependencies.

// IsURLType reports whether t is url.URL.
func IsURLType(t reflect.Type) bool { return t.PkgPath() == "net/url" && t.Name() == "URL" }

// decodeURL drops the library's error, because it quotes the text.
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

// isURL reports whether net/url parses text as a URL with scheme and host. Unlike net/url, isURL
// rejects a host that is only a port, an address with a zone, and an unmatched closing bracket.
func isURL(text string) bool {
	text, fragment, _ := strings.Cut(text, "#")
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !isScheme(scheme) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	rest, _, _ = strings.Cut(rest, "?") // any query is valid
	authority, path, _ := strings.Cut(rest, "/")
	user, host := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, host = authority[:i], authority[i+1:]
	}
	return strings.Trim(user, lower+upper+digits+"-._:~!$&'()*+,;=%@") == "" && isEscaped(user) && isEscaped(path) && isEscaped(fragment) &&
		isURLHost(host, strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// isScheme reports whether s is a scheme as defined in RFC 3986, section 3.1.
func isScheme(s string) bool {
	return s != "" && strings.IndexByte(lower+upper, s[0]) >= 0 && strings.Trim(s, lower+upper+digits+"+-.") == ""
}

// isEscaped reports whether each % starts an escape.
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

// isURLHost reports whether host is valid, with or without a port. Database URLs may list several
// hosts, such as a:1,b:2. Web URLs may not.
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
		case c == '%': // only for non-ASCII bytes
			if len(host) < i+3 || !isHex(host[i+1:i+3]) || host[i+1] < '8' {
				return false
			}
		case c < 0x80 && strings.IndexByte(lower+upper+digits+"-._~!$&'()*+,;=:<>\"", c) < 0:
			return false
		}
	}
	return true
}

// isPort reports whether s is empty, or a port with the colon before it.
func isPort(s string) bool {
	return s == "" || s[0] == ':' && strings.Trim(s[1:], digits) == ""
}

// isIPv6 reports whether s is an address without a zone.
func isIPv6(s string) bool {
	most := 8
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.Contains(s, ".") {
		if !isIPv4(s[i+1:]) {
			return false
		}
		s, most = s[:i]+":0", 7 // an IPv4 address counts as two groups
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

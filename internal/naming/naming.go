// Package naming converts Go names to names of configuration files, and back.
package naming

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Snake spells a Go name as configuration files do: HTTPPort is http_port. A run
// of capitals is one word, but its last letter if a small one follows.
func Snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' {
			afterWord := !unicode.IsUpper(runes[i-1])
			beforeWord := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterWord || beforeWord {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// initialisms are the words that Go writes in capitals.
var initialisms = map[string]bool{
	"api": true, "aws": true, "cpu": true, "db": true, "dns": true, "dsn": true, "gcp": true, "html": true, "http": true, "https": true,
	"id": true, "ip": true, "json": true, "jwt": true, "kms": true, "ldap": true, "sql": true, "ssh": true, "ssl": true, "tcp": true,
	"tls": true, "ttl": true, "ui": true, "uri": true, "url": true, "uuid": true, "xml": true, "yaml": true,
}

// Exported returns a name of a configuration file as an exported Go name: http_port
// becomes HTTPPort. The result is always valid: if it would not begin with a
// letter, it begins with X. [Snake] is the inverse, except for unusual names.
func Exported(name string) string {
	var b strings.Builder
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		// Two runs of capitals would be one word.
		lower := strings.ToLower(word)
		if initialisms[lower] && (i == 0 || !initialisms[strings.ToLower(words[i-1])]) {
			b.WriteString(strings.ToUpper(word))
			continue
		}
		runes := []rune(word)
		b.WriteRune(unicode.ToUpper(runes[0]))
		b.WriteString(string(runes[1:]))
	}
	if first, _ := utf8.DecodeRuneInString(b.String()); !unicode.IsUpper(first) {
		return "X" + b.String()
	}
	return b.String()
}

package main

import (
	"fmt"
	"go/format"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/internal/naming"
)

// A structPrinter prints a struct type.
type structPrinter struct {
	name    string // of the type
	pkg     string // "" for no package clause
	from    string // the file, for people
	secrets bool
}

func (g structPrinter) of(s *goType) (string, error) {
	body := g.typeOf(s, "", "")
	var b strings.Builder
	if g.pkg != "" {
		fmt.Fprintf(&b, "package %s\n\n", g.pkg)
		var imports []string
		for path, word := range map[string]string{"time": "time.Time", "github.com/sealcfg/sealcfg": "sealcfg.Secret"} {
			if strings.Contains(body, word) {
				imports = append(imports, strconv.Quote(path))
			}
		}
		slices.SortFunc(imports, func(a, b string) int { return len(a) - len(b) }) // the standard library first
		if len(imports) > 0 {
			fmt.Fprintf(&b, "import (\n%s\n)\n\n", strings.Join(imports, "\n\n"))
		}
	}
	fmt.Fprintf(&b, "// %s holds the settings of %s.\ntype %s %s\n", g.name, cli.Clean(g.from), g.name, body)
	text, err := format.Source([]byte(b.String()))
	if err != nil { // its words quote the text
		return "", fmt.Errorf("spell the names of %s in Go", g.from)
	}
	return string(text), nil
}

// typeOf returns the Go type of a field. key is the name of the field, and group the name
// of the surrounding map.
func (g structPrinter) typeOf(s *goType, group, key string) string {
	switch {
	case s == nil:
		return "any"
	case s.isStruct:
		return g.structOf(s, key)
	case s.list:
		return "[]" + g.typeOf(s.elem, group, key)
	case s.scalar == "":
		return "*string"
	}
	typ := s.scalar
	if g.secrets && typ == "string" && (s.password || soundsSecret(key) || isServerURL(group, key)) {
		typ = "sealcfg.Secret[string]"
	}
	if s.null && typ != "any" {
		typ = "*" + typ
	}
	return typ
}

func (g structPrinter) structOf(s *goType, group string) string {
	if len(s.fields) == 0 {
		return "struct{}"
	}
	var b strings.Builder
	b.WriteString("struct {\n")
	taken := make(map[string]bool)
	for _, f := range s.fields {
		if strings.Contains(f.key, ",") || f.key == "-" || f.key == "" {
			fmt.Fprintf(&b, "// There is no tag for the name %s.\n", strconv.Quote(f.key))
			continue
		}
		name := naming.Exported(f.key)
		for n := 2; taken[name]; n++ {
			name = naming.Exported(f.key) + strconv.Itoa(n)
		}
		taken[name] = true
		fmt.Fprintf(&b, "%s %s%s\n", name, g.typeOf(f.shape, group, f.key), tagOf(name, f))
	}
	b.WriteString("}")
	return b.String()
}

// tagOf returns the struct tag of a field, "" if it needs none.
func tagOf(name string, f goField) string {
	var cfg string
	if naming.Snake(name) != f.key {
		cfg = f.key
	}
	if f.optional {
		cfg += ",optional"
	}
	if cfg == "" {
		return ""
	}
	tag := "cfg:" + strconv.Quote(cfg)
	if strings.ContainsAny(tag, "`\r\n") {
		return " " + strconv.Quote(tag)
	}
	return " `" + tag + "`"
}

// secretWords occur in the names of secrets.
var secretWords = []string{"password", "passwd", "passphrase", "secret", "token", "credential", "private", "apikey", "dsn", "key"}

func soundsSecret(key string) bool {
	words := wordsOf(key)
	joined := strings.Join(words, "")
	for _, w := range secretWords {
		if slices.Contains(words, w) || slices.Contains(words, w+"s") || len(w) > 3 && strings.Contains(joined, w) {
			return true
		}
	}
	return false
}

// servers are words for servers with a password in their URL.
var servers = []string{
	"db", "pg", "mq", "database", "postgres", "mysql", "mariadb", "sqlserver", "mssql", "oracle", "mongo", "redis", "valkey", "clickhouse", "cassandra",
	"elastic", "opensearch", "amqp", "rabbit", "broker", "celery", "kafka", "nats", "cache", "queue", "ldap", "smtp", "mail", "sentry", "jdbc",
}

// isServerURL reports whether a field is the URL of a server that usually has a password,
// such as database_url, redis.uri or db.connection_string. group is the name of the
// surrounding map.
func isServerURL(group, key string) bool {
	joined := strings.Join(wordsOf(key), "")
	if strings.HasSuffix(joined, "connectionstring") || strings.HasSuffix(joined, "connstr") {
		return true
	}
	if !strings.HasSuffix(joined, "url") && !strings.HasSuffix(joined, "uri") {
		return false
	}
	words := append(wordsOf(group), wordsOf(key)...)
	return slices.ContainsFunc(servers, func(server string) bool {
		return slices.Contains(words, server) || len(server) > 3 && strings.Contains(strings.Join(words, ""), server)
	})
}

func wordsOf(name string) []string {
	return strings.FieldsFunc(strings.ToLower(naming.Snake(name)), func(r rune) bool { return strings.ContainsRune("_-. ", r) })
}

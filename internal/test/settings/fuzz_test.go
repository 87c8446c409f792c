package settings_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sealcfg/sealcfg"
)

// fuzzCanary is planted as a value. Where it may be a name, which errors contain, the test does not
// search for it.
const fuzzCanary = "c4n4ry"

var canaryAsName = regexp.MustCompile(fuzzCanary + `[^\n]*[:=]`)

// FuzzBind binds arbitrary YAML and arbitrary variables to a struct with every kind.
func FuzzBind(f *testing.F) {
	names := strings.Fields(`str named bytes bool int int8 uint16 float32 complex duration time month zone url addr prefix regexp level
		big_int big_float big_rat json any list array map int_keys text_keys struct structs struct_map pointer optional opt_group secret
		secret_list secret_ints secret_opt shouting odd host_port file union unions tree default`)
	values := []string{fuzzCanary, "[" + fuzzCanary + ", 1]", "{a: " + fuzzCanary + "}", "1", "~", "[1, 2, 3, 4]", "true", "1.5", "{kind: s3, bucket: " + fuzzCanary + "}"}
	for i, n := range names {
		v := values[i%len(values)]
		f.Add(n+": "+v+"\n", "APP_"+strings.ToUpper(n)+"="+v)
		f.Add("", "APP_"+strings.ToUpper(n)+"__0="+fuzzCanary+"\nAPP_"+strings.ToUpper(n)+"__A="+fuzzCanary)
	}
	f.Add("union: {kind: disk, path: /a, quota: 5}\nunions: [{kind: "+fuzzCanary+", x: y}]", "APP_UNION={\"kind\": \"s3\"}\nEVERY_KIND="+fuzzCanary)
	f.Add("tree: &t {name: a, next: {name: "+fuzzCanary+", kids: [{name: c}]}}\nany: *t\njson: *t", "APP_ANY={\"a\": [1, \""+fuzzCanary+"\"]}")
	f.Add("<<: {str: "+fuzzCanary+", int: 01234}\nport: '5432'\nbool: yes", "APP_JSON=[1e999, {}]\nAPP_LIST__1=2\nAPP_LIST__0=1")
	f.Fuzz(func(t *testing.T, yaml, environ string) {
		fsys := fstest.MapFS{"environments/prod.yaml": {Data: []byte(yaml)}}
		settings, err := sealcfg.Load[everyKind](t.Context(), sealcfg.WithEnv("prod"), sealcfg.WithFS(fsys, "environments"), sealcfg.AllowPlain("prod"),
			sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(strings.Split(environ, "\n")...))
		if err == nil {
			if len(settings.Default) == 0 && !strings.Contains(yaml+strings.ToUpper(environ), "DEFAULT") && !strings.Contains(yaml, "default") {
				t.Fatal("no default")
			}
			if u := settings.Union; u.Kind != "" && u.S3 == nil && u.Disk == nil && u.Memory == nil {
				t.Fatal("a kind without its variant")
			}
			return
		}
		var e *sealcfg.Error
		if errors.As(err, &e) {
			for _, p := range e.Problems { // paths and origins contain names, which may be anything
				if strings.Contains(strings.ReplaceAll(p.Reason+p.Hint, p.Path, ""), fuzzCanary) {
					t.Fatalf("a value in a problem: %+v", *p)
				}
			}
			return
		}
		if strings.Contains(err.Error(), fuzzCanary) && !canaryAsName.MatchString(yaml+"\n"+environ) && !strings.Contains(yaml, "?") {
			t.Fatalf("a value in an error: %v", err)
		}
	})
}

package environments_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

func TestConfigRequiresBinding(t *testing.T) {
	files := []string{"environments/prod.yaml", "environments/prod.local.yaml", "environments/dev.json", "environments/base.yaml", "environments/tls.pem", "deploy/x.yaml"}
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"empty":             {"# nothing\n", nil},
		"all":               {"binding: required\n", files},
		"optional":          {"binding: optional\n", nil},
		"one, and its base": {"environments:\n  prod:\n    binding: required\n", []string{"environments/prod.yaml", "environments/prod.local.yaml", "environments/base.yaml"}},
		"all but one": {"binding: required\nenvironments:\n  dev: {binding: optional}\n",
			[]string{"environments/prod.yaml", "environments/prod.local.yaml", "environments/base.yaml", "environments/tls.pem", "deploy/x.yaml"}},
		"as the others":   {"binding: required\nenvironments:\n  dev: {}\n", files},
		"by way of merge": {"environments:\n  dev: &d {binding: required}\n  prod: {<<: *d}\n", files[:4]},
	} {
		t.Run(name, func(t *testing.T) {
			c0, err := environments.ParseConfig("/p/sealcfg.yaml", []byte(c.src))
			require.NoError(t, err)
			var got []string
			for _, f := range files {
				if c0.RequiresBinding(filepath.Join("/p", f)) {
					got = append(got, f)
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// A demand that is misspelt must not be taken for none.
func TestConfigStrictness(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"unknown":       {"bindings: required", `sealcfg.yaml:1:1: unknown key "bindings" in sealcfg.yaml; did you mean "binding"?`},
		"far off":       {"a: 1\nzzzzzz: 1", `sealcfg.yaml:2:1: unknown key "zzzzzz"`},
		"twice":         {"binding: required\nbinding: optional", `sealcfg.yaml:2`},
		"value":         {"binding: yes please", `sealcfg.yaml:1:10: binding must be required or optional`},
		"bool":          {"binding: true", `binding must be required or optional`},
		"nothing":       {"binding:", `binding must be required or optional`},
		"list":          {"binding: [required]", `binding must be required or optional`},
		"unknown below": {"environments:\n  prod:\n    bind: required", `sealcfg.yaml:3:5: unknown key "bind" in an environment; did you mean "binding"?`},
		"twice below":   {"environments:\n  prod: {}\n  prod: {}", `sealcfg.yaml:3`},
		"value below":   {"environments:\n  prod: {binding: require}", `sealcfg.yaml:2:19: binding must be required or optional`},
		"not a map":     {"environments:\n  prod: required", `sealcfg.yaml:2:9: an environment must be a map, not a text`},
		"empty":         {"environments:\n  prod:", `an environment must be a map, not empty`},
		"list of names": {"environments: [prod]", `environments must be a map, not a list`},
		"base":          {"environments:\n  base: {binding: required}", `sealcfg.yaml:2:3: "base" is a layer of environments`},
		"local":         {"environments:\n  prod.local: {binding: required}", `"prod.local" is a layer`},
		"no name":       {"environments:\n  ../x: {binding: required}", `not the name of an environment: "../x"`},
		"documents":     {"binding: required\n---\nbinding: optional", "a second document"},
		"no map":        {"- binding", "sealcfg.yaml:1"},
		"no YAML":       {"a: [", "sealcfg.yaml:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := environments.ParseConfig("/p/sealcfg.yaml", []byte(c.src))
			require.ErrorContains(t, err, c.want)
			var p *environments.PolicyError
			assert.ErrorAs(t, err, &p)
		})
	}
}

// What comes with a repository must not keep its reader busy.
func TestPolicyAndConfigAreBounded(t *testing.T) {
	big := []byte(strings.Repeat("# comment\n", 500_000))
	_, err := environments.ParseConfig("/p/sealcfg.yaml", big)
	require.EqualError(t, err, "/p/sealcfg.yaml: larger than 4 MB")
	_, err = environments.ParsePolicy("/p/.sops.yaml", big)
	require.EqualError(t, err, "/p/.sops.yaml: larger than 4 MB")
	for _, key := range []string{"path_regex", "encrypted_regex"} {
		_, err = environments.ParsePolicy("/p/.sops.yaml", []byte("creation_rules:\n  - "+key+": '"+strings.Repeat("(a|b?)*", 2000)+"'\n"))
		require.EqualError(t, err, "/p/.sops.yaml:2:"+strconv.Itoa(7+len(key))+": "+key+" has more than 4096 bytes")
	}
}

func TestFindConfig(t *testing.T) {
	const demand = "binding: required\n"
	dir := write(t, map[string]string{
		"sealcfg.yaml":                  demand,
		"repo/.git/HEAD":                "",
		"repo/environments/.keep":       "",
		"repo/module/.git":              "gitdir: elsewhere",
		"root/.git/HEAD":                "",
		"root/sealcfg.yaml":             demand,
		"root/a/b/.keep":                "",
		"policy/.git/HEAD":              "",
		"policy/sealcfg.yaml":           demand,
		"policy/in/.sops.yaml":          empty,
		"policy/in/sealcfg.yaml":        "environments: {dev: {binding: required}}",
		"policy/in/a/sealcfg.yaml":      "broken, but of no project",
		"policy/without/.sops.yaml":     empty,
		"free/sealcfg.yaml":             demand,
		"free/environments/.keep":       "",
		"misnamed/.git/HEAD":            "",
		"misnamed/sealcfg.yml":          demand,
		"both/.git/HEAD":                "",
		"both/sealcfg.yml":              demand,
		"both/sealcfg.yaml":             "",
		"folder/.git/HEAD":              "",
		"folder/sealcfg.yaml/x":         "",
		"dangling/.git/HEAD":            "",
		"broken/.git/HEAD":              "",
		"broken/sealcfg.yaml":           "bindings: required",
		"broken/environments/prod.yaml": "",
	})
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling", "sealcfg.yaml")))
	for file, want := range map[string]string{
		"repo/environments/prod.yaml": "", // that above is a stranger's
		"repo/module/x.yaml":          "",
		"root/a/b/x.yaml":             "root/sealcfg.yaml",
		"root/new/x.yaml":             "root/sealcfg.yaml",
		"policy/x.yaml":               "policy/sealcfg.yaml",
		"policy/in/a/x.yaml":          "policy/in/sealcfg.yaml",
		"policy/without/x.yaml":       "",
		"free/environments/prod.yaml": "free/sealcfg.yaml",
		"free/x.yaml":                 "",
		"both/x.yaml":                 "both/sealcfg.yaml",
	} {
		c, err := environments.FindConfig(filepath.Join(dir, filepath.FromSlash(file)))
		require.NoError(t, err, file)
		if want != "" {
			want = filepath.Join(dir, filepath.FromSlash(want))
		}
		assert.Equal(t, want, c.Path, file)
	}
	for file, want := range map[string]string{
		"misnamed/x.yaml": "it must be called sealcfg.yaml",
		"folder/x.yaml":   "read sealcfg.yaml: ",
		"dangling/x.yaml": "a link to nowhere",
		"broken/x.yaml":   "unknown key",
	} {
		_, err := environments.FindConfig(filepath.Join(dir, filepath.FromSlash(file)))
		assert.ErrorContains(t, err, want, file)
	}
}

func TestFindConfigIn(t *testing.T) {
	demand := &fstest.MapFile{Data: []byte("binding: required\n")}
	fsys := fstest.MapFS{
		"sealcfg.yaml": demand, "environments/prod.yaml": {}, "in/.sops.yaml": {}, "in/environments/prod.yaml": {},
		"with/.sops.yaml": {}, "with/sealcfg.yaml": demand, "with/environments/prod.yaml": {},
	}
	for dir, want := range map[string]string{".": "sealcfg.yaml", "environments": "sealcfg.yaml", "in/environments": "", "with/environments": "with/sealcfg.yaml"} {
		c, err := environments.FindConfigIn(fsys, dir)
		require.NoError(t, err)
		assert.Equal(t, want, c.Path, dir)
		assert.Equal(t, want != "", c.LayerRequiresBinding("prod"), dir)
	}
	_, err := environments.FindConfigIn(fsys, "../x")
	require.Error(t, err)
	_, err = environments.FindConfigIn(fstest.MapFS{"sealcfg.yml": demand}, ".")
	require.ErrorIs(t, err, environments.ErrConfigName)
}

// FuzzParseConfig reads any text as a sealcfg.yaml: every error has a place, and what
// holds for an environment holds for its local layer and for the base.
func FuzzParseConfig(f *testing.F) {
	for _, src := range []string{
		"", "binding: required\n", "environments:\n  prod: &p {binding: required}\n  dev: {<<: *p, binding: optional}\n",
		"binding: required\nbinding: optional\n", "environments: [prod]\n", "a: &a [*a]\n", "environments:\n  ../x: {}\n", "---\n---\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := environments.ParseConfig("/repo/sealcfg.yaml", src)
		if err != nil {
			var broken *environments.PolicyError
			require.ErrorAs(t, err, &broken)
			return
		}
		for _, e := range c.Environments() {
			demanded := c.LayerRequiresBinding(e.Name)
			require.Equal(t, demanded, c.LayerRequiresBinding(e.Name+".local"))
			require.True(t, !demanded || c.LayerRequiresBinding("base"), "%s shares its base", e.Name)
		}
	})
}

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
			file, err := environments.ParseConfig("/p/sealcfg.yaml", []byte(c.src))
			require.NoError(t, err)
			config := environments.Config{Files: []*environments.ConfigFile{file}}
			var got []string
			for _, f := range files {
				if config.RequiresBinding(filepath.Join("/p", f)) {
					got = append(got, f)
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// A misspelled requirement must not count as none.
func TestConfigStrictness(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"unknown":       {"bindings: required", `sealcfg.yaml:1:1: unknown key "bindings" in sealcfg.yaml; did you mean "binding"?`},
		"two slips":     {"a: 1\nenvironmentz2: {}", `sealcfg.yaml:2:1: unknown key "environmentz2" in sealcfg.yaml; did you mean "environments"?`},
		"twice":         {"binding: required\nbinding: optional", `sealcfg.yaml:2`},
		"value":         {"binding: yes please", `sealcfg.yaml:1:10: binding must be required or optional`},
		"bool":          {"binding: true", `binding must be required or optional`},
		"nothing":       {"binding:", `binding must be required or optional`},
		"list":          {"binding: [required]", `binding must be required or optional`},
		"unknown below": {"environments:\n  prod:\n    bind: required", `sealcfg.yaml:3:5: unknown key "bind" in an environment; did you mean "binding"?`},
		"twice below":   {"environments:\n  prod: {}\n  prod: {}", `sealcfg.yaml:3`},
		"value below":   {"environments:\n  prod: {binding: require}", `sealcfg.yaml:2:19: binding must be required or optional`},
		"not a map":     {"environments:\n  prod: required", `sealcfg.yaml:2:9: an environment must be a map, not a string`},
		"empty":         {"environments:\n  prod:", `an environment must be a map, not empty`},
		"list of names": {"environments: [prod]", `environments must be a map, not a list`},
		"base":          {"environments:\n  base: {binding: required}", `sealcfg.yaml:2:3: "base" is a layer, not an environment`},
		"local":         {"environments:\n  prod.local: {binding: required}", `"prod.local" is a layer`},
		"no name":       {"environments:\n  ../x: {binding: required}", `not the name of an environment: "../x"`},
		"documents":     {"binding: required\n---\nbinding: optional", "expected one document, got another one"},
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

// The files of a repository must not occupy a reader for long.
func TestPolicyAndConfigAreBounded(t *testing.T) {
	big := []byte(strings.Repeat("# comment\n", 500_000))
	_, err := environments.ParseConfig("/p/sealcfg.yaml", big)
	require.EqualError(t, err, "/p/sealcfg.yaml: larger than 4 MB")
	_, err = environments.ParsePolicy("/p/.sops.yaml", big)
	require.EqualError(t, err, "/p/.sops.yaml: larger than 4 MB")
	for _, key := range []string{"path_regex", "encrypted_regex"} {
		p, err := environments.ParsePolicy("/p/.sops.yaml", []byte("creation_rules:\n  - "+key+": '"+strings.Repeat("(a|b?)*", 2000)+"'\n"))
		require.NoError(t, err)
		_, err = p.RuleFor("/p/any")
		require.EqualError(t, err, "/p/.sops.yaml:2:"+strconv.Itoa(7+len(key))+": "+key+" has more than 4096 bytes")
	}
}

// A command rejects the keys that the library leaves to newer versions.
func TestConfigUnknown(t *testing.T) {
	file, err := environments.ParseConfig("/p/sealcfg.yaml", []byte("binding: required\nlayouts: ['a/{env}.yaml']\ncheck: {}\n"))
	require.NoError(t, err)
	config := environments.Config{Files: []*environments.ConfigFile{file}}
	require.Len(t, config.Unknown(), 2)
	assert.EqualError(t, config.Unknown()[0], `/p/sealcfg.yaml:2:1: unknown key "layouts" in sealcfg.yaml`)
	assert.EqualError(t, config.Unknown()[1], `/p/sealcfg.yaml:3:1: unknown key "check" in sealcfg.yaml`)
	assert.True(t, config.LayerRequiresBinding("prod"))
}

const requires = "binding: required\n"

func TestFindConfig(t *testing.T) {
	dir := write(t, map[string]string{
		"sealcfg.yaml":                       requires,
		"repo/.git/HEAD":                     "",
		"repo/environments/.keep":            "",
		"repo/module/.git":                   "gitdir: elsewhere",
		"root/.git/HEAD":                     "",
		"root/sealcfg.yaml":                  requires,
		"root/a/b/.keep":                     "",
		"policy/.git/HEAD":                   "",
		"policy/sealcfg.yaml":                requires,
		"policy/in/.sops.yaml":               empty,
		"policy/in/sealcfg.yaml":             "environments: {dev: {binding: required}}",
		"policy/in/a/sealcfg.yaml":           "",
		"policy/without/.sops.yaml":          empty,
		"policy/nested/.git/HEAD":            "",
		"policy/module/.git":                 "gitdir: ../.git/modules/module\n",
		"deployed/sealcfg.yaml":              requires,
		"deployed/.sops.yaml":                empty,
		"deployed/a/.sops.yaml":              empty,
		"deployed/a/environments/.sops.yaml": empty,
		"deployed/b/environments/.git/HEAD":  "",
		"deployed/own/.git/HEAD":             "",
		"deployed/own/.sops.yaml":            empty,
		"free/sealcfg.yaml":                  requires,
		"free/environments/.git/HEAD":        "",
		"misnamed/.git/HEAD":                 "",
		"misnamed/sealcfg.yml":               requires,
		"both/.git/HEAD":                     "",
		"both/sealcfg.yml":                   requires,
		"both/sealcfg.yaml":                  "",
		"folder/.git/HEAD":                   "",
		"folder/sealcfg.yaml/x":              "",
		"dangling/.git/HEAD":                 "",
		"large/.git/HEAD":                    "",
		"large/sealcfg.yaml":                 strings.Repeat("# comment\n", 500_000),
		"broken/.git/HEAD":                   "",
		"broken/sealcfg.yaml":                "bindings: required",
		"broken/environments/prod.yaml":      "",
	})
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling", "sealcfg.yaml")))
	for file, want := range map[string][]string{
		"repo/environments/prod.yaml":       nil, // the one above is not the project's
		"repo/module/x.yaml":                nil,
		"root/a/b/x.yaml":                   {"root"},
		"root/new/x.yaml":                   {"root"},
		"policy/x.yaml":                     {"policy"},
		"policy/in/a/x.yaml":                {"policy/in/a", "policy/in", "policy"},
		"policy/without/x.yaml":             {"policy"},
		"policy/nested/x.yaml":              {"policy"},
		"policy/module/x.yaml":              {"policy"},
		"deployed/a/x.yaml":                 {"deployed"},
		"deployed/a/environments/prod.yaml": {"deployed"},
		"deployed/b/environments/prod.yaml": {"deployed"},
		"deployed/own/x.yaml":               nil, // a separate project
		"free/environments/prod.yaml":       {"free"},
		"free/x.yaml":                       nil,
		"both/x.yaml":                       {"both"},
	} {
		c, err := environments.FindConfig(filepath.Join(dir, filepath.FromSlash(file)))
		require.NoError(t, err, file)
		var got []string
		for _, f := range c.Files {
			rel, err := filepath.Rel(dir, filepath.Dir(f.Path))
			require.NoError(t, err)
			got = append(got, filepath.ToSlash(rel))
		}
		assert.Equal(t, want, got, file)
	}
	for file, want := range map[string]string{
		"misnamed/x.yaml": "it must be named sealcfg.yaml",
		"folder/x.yaml":   "not a regular file",
		"dangling/x.yaml": "a broken symbolic link",
		"large/x.yaml":    "file too large: more than 4 MB",
		"broken/x.yaml":   "unknown key",
	} {
		_, err := environments.FindConfig(filepath.Join(dir, filepath.FromSlash(file)))
		assert.ErrorContains(t, err, want, file)
	}
}

// A requirement above stays in force, even if a file is added below.
func TestRequirementCannotBeSwitchedOff(t *testing.T) {
	for name, project := range map[string]map[string]string{
		"repository": {".git/HEAD": ""},
		"policy":     {".sops.yaml": empty},
		"neither":    {},
	} {
		for _, added := range []map[string]string{
			{"../.git/HEAD": ""}, {"../.sops.yaml": empty}, {"../sealcfg.yaml": "binding: optional\n"},
			{"a/.git/HEAD": ""}, {"a/.git": "gitdir: ../.git\n"}, {"a/.sops.yaml": empty}, {"a/sealcfg.yaml": "binding: optional\n"},
			{"a/environments/.git/HEAD": ""}, {"a/environments/.sops.yaml": empty},
			{"a/environments/sealcfg.yaml": "environments: {prod: {binding: optional}}\n"},
			{"a/sealcfg.yaml": "binding: optional\n", "a/environments/.git/HEAD": ""},
		} {
			files := map[string]string{"p/sealcfg.yaml": requires, "p/a/environments/prod.yaml": ""}
			if name == "neither" {
				files = map[string]string{"p/a/sealcfg.yaml": requires, "p/a/environments/prod.yaml": ""}
				if _, replaced := added["a/sealcfg.yaml"]; replaced {
					continue
				}
			}
			for path, text := range project {
				files["p/"+path] = text
			}
			for path, text := range added {
				files["p/"+path] = text
			}
			dir := write(t, files)
			file := filepath.Join(dir, "p", "a", "environments", "prod.yaml")
			c, err := environments.FindConfig(file)
			require.NoError(t, err)
			assert.True(t, c.RequiresBinding(file), "%s, %v", name, added)
		}
	}
}

// A link to another project cancels neither this project's requirements nor the
// other's.
func TestConfigBehindALink(t *testing.T) {
	dir := real(t, map[string]string{
		"here/.git/HEAD": "", "here/sealcfg.yaml": requires, "here/environments/.keep": "",
		"there/.sops.yaml": empty, "there/prod.yaml": "",
		"strict/.git/HEAD": "", "strict/sealcfg.yaml": requires, "strict/x.yaml": "",
		"lax/.git/HEAD": "",
	})
	at := func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }
	link(t, at("there/prod.yaml"), at("here/environments/prod.yaml"))
	link(t, at("strict/x.yaml"), at("lax/x.yaml"))
	for _, file := range []string{"here/environments/prod.yaml", "lax/x.yaml"} {
		c, err := environments.FindConfig(at(file))
		require.NoError(t, err)
		assert.True(t, c.RequiresBinding(at(file)), file)
		assert.Len(t, c.Files, 1)
	}
}

// A sealcfg.yaml gets the checks of a .sops.yaml.
func TestConfigThatIsALinkOut(t *testing.T) {
	dir := real(t, map[string]string{"stranger.yaml": "binding: optional\n", "repo/.git/HEAD": "", "repo/a/.keep": ""})
	link(t, "../stranger.yaml", filepath.Join(dir, "repo", "sealcfg.yaml"))
	_, err := environments.FindConfig(filepath.Join(dir, "repo", "a", "x.yaml"))
	require.ErrorIs(t, err, environments.ErrOutside)
}

func TestFindConfigIn(t *testing.T) {
	required := &fstest.MapFile{Data: []byte(requires)}
	fsys := fstest.MapFS{
		"sealcfg.yaml": required, "environments/prod.yaml": {}, "in/.sops.yaml": {}, "in/environments/prod.yaml": {},
		"with/.sops.yaml": {}, "with/sealcfg.yaml": {Data: []byte("environments: {prod: {binding: optional}}\n")}, "with/environments/prod.yaml": {},
	}
	for dir, want := range map[string][]string{
		".": {"sealcfg.yaml"}, "environments": {"sealcfg.yaml"}, "in/environments": {"sealcfg.yaml"}, "with/environments": {"with/sealcfg.yaml", "sealcfg.yaml"},
	} {
		c, err := environments.FindConfigIn(fsys, dir)
		require.NoError(t, err)
		var got []string
		for _, f := range c.Files {
			got = append(got, f.Path)
		}
		assert.Equal(t, want, got, dir)
		assert.True(t, c.LayerRequiresBinding("prod"), dir)
	}
	_, err := environments.FindConfigIn(fsys, "../x")
	require.Error(t, err)
	_, err = environments.FindConfigIn(fstest.MapFS{"sealcfg.yml": required}, ".")
	require.ErrorIs(t, err, environments.ErrConfigName)
}

// FuzzParseConfig parses random bytes as a sealcfg.yaml. Every error has a
// position. The settings for an environment also apply to its local layer and to
// the base.
func FuzzParseConfig(f *testing.F) {
	for _, src := range []string{
		"", "binding: required\n", "environments:\n  prod: &p {binding: required}\n  dev: {<<: *p, binding: optional}\n",
		"binding: required\nbinding: optional\n", "environments: [prod]\n", "a: &a [*a]\n", "environments:\n  ../x: {}\n", "---\n---\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := environments.ParseConfig("/repo/sealcfg.yaml", src)
		if err != nil {
			var broken *environments.PolicyError
			require.ErrorAs(t, err, &broken)
			return
		}
		c := environments.Config{Files: []*environments.ConfigFile{file}}
		for _, e := range file.Environments() {
			required := c.LayerRequiresBinding(e.Name)
			require.Equal(t, required, c.LayerRequiresBinding(e.Name+".local"))
			require.True(t, !required || c.LayerRequiresBinding("base"), "%s shares its base", e.Name)
		}
	})
}

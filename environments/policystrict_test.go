package environments_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// A problem with the policy as a whole concerns every file.
func TestPolicyErrors(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		line int
		want string
	}{
		"misspelled top":   {"creation_rule: []", 1, `unknown key "creation_rule"; did you mean "creation_rules"?`},
		"misspelled top 2": {"Creation_Rulse: []", 1, `did you mean "creation_rules"?`},
		"rules not a list": {"creation_rules:\n  age: x", 2, "creation_rules must be a list, not a map"},
		"indent":           {"stores: {yaml: {indent: two}}", 1, "indent must be an integer"},
		"duplicate key":    {"creation_rules: []\ncreation_rules: []", 2, "duplicate key"},
		"not YAML":         {"creation_rules: [", 0, ".sops.yaml"},
		"list at the top":  {"- a", 1, ".sops.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := environments.ParsePolicy("/repo/.sops.yaml", []byte(c.src))
			var broken *environments.PolicyError
			require.ErrorAs(t, err, &broken)
			assert.ErrorContains(t, err, c.want)
			assert.Contains(t, err.Error(), "/repo/.sops.yaml:")
			if c.line > 0 {
				assert.Equal(t, c.line, broken.Line, err)
			}
		})
	}
}

// A recipient in a string of several lines has its own line, and so does one under
// an anchor.
func TestPolicyLines(t *testing.T) {
	for src, want := range map[string][]int{
		"creation_rules:\n  - age: >-\n      age1aaa,\n      age1bbb,\n      age1ccc\n":                {3, 4, 5},
		"creation_rules:\n  - age: |\n      age1aaa,\n      age1bbb\n":                                 {3, 4},
		"creation_rules:\n  - age: 'age1aaa,\n      age1bbb'\n":                                        {2, 3},
		"creation_rules:\n  - age: [age1aaa, # one\n      # two\n      age1bbb]\n":                     {2, 4},
		"creation_rules: [\n  {key_groups: [{age: [\n    age1aaa,\n    age1bbb]}]}]\n":                 {3, 4},
		"x: &g\n  - age:\n      - age1aaa\ncreation_rules:\n  - path_regex: any\n    key_groups: *g\n": {3},
	} {
		rule, err := parse(t, src).RuleFor("/repo/any")
		require.NoError(t, err, src)
		var got []int
		for _, m := range rule.Groups[0] {
			got = append(got, m.Line)
		}
		assert.Equal(t, want, got, src)
	}
	for src, want := range map[string]string{
		"creation_rules:\n  - path_regex: a\n    age: [\n      age1aaa,\n\n  - path_regex: b\n": "/repo/.sops.yaml:3: did not find expected node content",
		"creation_rules:\n  - age: a\n    path_regex: x\n   pgp: y\n  - age: b\n":               "/repo/.sops.yaml:4: did not find expected '-' indicator",
		"creation_rules:\n  - age: 'b\n    pgp: x\n  - age: y\n":                                "/repo/.sops.yaml:2: found unexpected end of stream",
	} {
		_, err := environments.ParsePolicy("/repo/.sops.yaml", []byte(src))
		require.EqualError(t, err, want)
	}
}

// A problem with a creation rule concerns the files of this rule. For others, it is
// a warning.
func TestRuleErrors(t *testing.T) {
	for name, c := range map[string]struct {
		rule string // in flow style, or a map over several lines
		line int    // 1 is the first of the rule
		want string
	}{
		"key":                  {"path_regexx: a", 1, `unknown key "path_regexx" in a creation rule; did you mean "path_regex"?`},
		"key with a dash":      {"path-regex: a", 1, `did you mean "path_regex"?`},
		"key in capitals":      {"AGE: a", 1, `did you mean "age"?`},
		"keys of groups":       {"key-groups: []", 1, `did you mean "key_groups"?`},
		"selector":             {"encrypted_regexp: a", 1, `did you mean "encrypted_regex"?`},
		"selector with a dash": {"unencrypted-regex: a", 1, `did you mean "unencrypted_regex"?`},
		"second selector":      {"encrypted_regex: a\nencrypted-suffix: b", 2, `did you mean "encrypted_suffix"?`},
		"threshold":            {"shamir-threshold: 2", 1, `did you mean "shamir_threshold"?`},
		"key in group":         {"key_groups:\n- aeg: []", 2, `unknown key "aeg" in a key group; did you mean "age"?`},
		"key in kms entry":     {"key_groups:\n- kms: [{arn: x, rolle: y}]", 2, `did you mean "role"?`},
		"two selectors":        {"encrypted_regex: a\nunencrypted_suffix: b", 2, "encrypted_regex and unencrypted_suffix cannot be combined"},
		"path_regex":           {"age: a\npath_regex: 'a('", 2, "path_regex does not compile: missing closing )"},
		"encrypted_regex":      {"encrypted_regex: '^(?!a)'", 1, "encrypted_regex does not compile: invalid or unsupported Perl syntax"},
		"comment regex":        {"encrypted_comment_regex: '*'", 1, "encrypted_comment_regex does not compile"},
		"group empty":          {"key_groups:\n-", 2, "a key group must be a map"},
		"age is a number":      {"age: 12", 1, "age must be a string, not an integer; put it in quotes"},
		"age is a map":         {"age: {a: b}", 1, "age must be a string, not a map"},
		"age holds a list":     {"age:\n- [a]", 2, "an entry of age must be a string, not a list"},
		"age holds nothing":    {"age: [a, '']", 1, "an entry of age is empty"},
		"age of group a text":  {"key_groups:\n- age: a", 2, "age must be a list, not a string"},
		"pgp empty":            {"key_groups:\n- pgp: ['']", 2, "an entry of pgp is empty"},
		"kms of group a text":  {"key_groups:\n- kms: [x]", 2, "an entry of kms must be a map, not a string"},
		"kms without arn":      {"key_groups:\n- kms: [{role: x}]", 2, "arn is missing"},
		"context":              {"key_groups:\n- kms: [{arn: x, context: {a: }}]", 2, `"a" in context must be a string`},
		"azure without key":    {"key_groups:\n- azure_keyvault: [{vaultUrl: x}]", 2, "key is missing"},
		"hckms as a text":      {"hckms: a:b", 1, "hckms must be a list, not a string"},
		"threshold is a text":  {"shamir_threshold: '2'", 1, "shamir_threshold must be an integer, not a string"},
		"threshold is a float": {"shamir_threshold: 2.5", 1, "must be an integer, not a float"},
		"threshold negative":   {"shamir_threshold: -1", 1, "must not be negative"},
		"threshold too high":   {"shamir_threshold: 3\nkey_groups: [{age: [a]}, {age: [b]}]", 1, "is 3, but there are only 2 key groups"},
		"threshold one":        {"shamir_threshold: 1\nkey_groups: [{age: [a]}, {age: [b]}]", 1, "must be at least 2"},
		"mac_only_encrypted":   {"mac_only_encrypted: maybe", 1, "must be true or false, not a string"},
		"merge of a text":      {"<<: a", 1, "a merged value must be a map, not a string"},
	} {
		t.Run(name, func(t *testing.T) {
			rule := "  - " + strings.ReplaceAll(c.rule, "\n", "\n    ") + "\n"
			check := func(p *environments.PolicyError, before int) {
				t.Helper()
				assert.Contains(t, p.Error(), c.want)
				assert.Contains(t, p.Error(), "/repo/.sops.yaml:")
				if c.line > 0 {
					assert.Equal(t, before+c.line, p.Line, p)
				}
			}
			p, err := environments.ParsePolicy("/repo/.sops.yaml", []byte("creation_rules:\n"+rule))
			require.NoError(t, err)
			_, err = p.RuleFor("/repo/any")
			var broken *environments.PolicyError
			require.ErrorAs(t, err, &broken)
			check(broken, 1)
			assert.Empty(t, p.Warnings(nil)[1:], "each problem once")

			// sops never reaches this rule for the file.
			p, err = environments.ParsePolicy("/repo/.sops.yaml", []byte("creation_rules:\n  - path_regex: ^any\n"+rule))
			require.NoError(t, err)
			first, err := p.RuleFor("/repo/any")
			require.NoError(t, err)
			require.Len(t, p.Warnings(first), 1)
			check(p.Warnings(first)[0], 2)
		})
	}
	for name, src := range map[string]string{
		"rule not a map": "creation_rules:\n  - age", "through merge": "x: &x\n  agee: a\ncreation_rules:\n  - <<: *x",
	} {
		p, err := environments.ParsePolicy("/repo/.sops.yaml", []byte(src))
		require.NoError(t, err, name)
		_, err = p.RuleFor("/repo/any")
		var broken *environments.PolicyError
		require.ErrorAs(t, err, &broken, name)
		assert.Equal(t, 2, broken.Line, name)
	}
}

// sops ignores all of this. sealcfg does too, with a warning that contains the
// line.
func TestPolicyWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		want []string // LINE:COLUMN and the message
	}{
		"unknown key":        {"creation_rules:\n  - input_type: yaml", []string{`2:5: unknown key "input_type" in a creation rule is ignored`}},
		"name":               {"creation_rules:\n  - name: prod\n    x-owner: me", []string{`2:5: unknown key "name"`, `3:5: unknown key "x-owner"`}},
		"like a known key":   {"x-stores: {}\ncreation_rules:\n  - x-age: a\n    x-pgp: b", []string{`3:5: unknown key "x-age" in a creation rule is ignored`, `4:5: unknown key "x-pgp"`}},
		"empty rule":         {"creation_rules:\n  - \n  - age: a", []string{"a creation rule is empty; it matches every file and has no recipients"}},
		"null rule":          {"creation_rules:\n  - ~", []string{"2:5: a creation rule is empty"}},
		"empty destination":  {"destination_rules:\n  -", []string{"a destination rule must be a map, not empty"}},
		"beside a selector":  {"creation_rules:\n  - encrypted_regex: a\n    unencrypted-regex: b", []string{`3:5: unknown key "unencrypted-regex" in a creation rule is ignored; did you mean "unencrypted_regex"?`}},
		"harmless":           {"creation_rules:\n  - mac-only-encrypted: true", []string{`2:5: unknown key "mac-only-encrypted" in a creation rule is ignored; did you mean "mac_only_encrypted"?`}},
		"in group":           {"creation_rules:\n  - key_groups:\n    - comment: []", []string{`3:7: unknown key "comment" in a key group is ignored`}},
		"in entry":           {"creation_rules:\n  - key_groups:\n    - kms: [{arn: x, region: y}]", []string{`3:22: unknown key "region" in an entry of kms is ignored`}},
		"destination":        {"destination_rules:\n  - s3_buket: a", []string{`2:5: unknown key "s3_buket" in a destination rule; did you mean "s3_bucket"?`}},
		"destination far":    {"destination_rules:\n  - reencryption_rule: {age: a}", []string{`2:5: unknown key "reencryption_rule" in a destination rule`}},
		"destination regex":  {"destination_rules:\n  - path_regex: '['", []string{"2:17: path_regex does not compile"}},
		"destination value":  {"destination_rules:\n  - vault_kv_version: two", []string{"2:23: vault_kv_version must be an integer"}},
		"recreation":         {"destination_rules:\n  - recreation_rule:\n      pgpp: a", []string{`3:7: unknown key "pgpp" in a recreation rule; did you mean "pgp"?`}},
		"stores":             {"stores:\n  ymal: {indent: 2}", []string{`2:3: unknown key "ymal" in stores is ignored; did you mean "yaml"?`}},
		"store":              {"stores:\n  dotenv: {indent: 2}", []string{`2:12: unknown key "indent" in stores.dotenv is ignored`}},
		"misspelled stores":  {"store: {}", []string{`1:1: unknown key "store" is ignored; did you mean "stores"?`}},
		"negative indent":    {"stores: {yaml: {indent: -1}}", []string{"1:17: indent must not be negative; it is ignored"}},
		"indent below tabs":  {"stores: {json: {indent: -2}}", []string{"1:17: indent must be -1 (tabs) or more; it is ignored"}},
		"second document":    {"a: b\n---\ncreation_rules: []", []string{"3:1: a second document is ignored"}},
		"once for an anchor": {"x: &x {nonsense: a}\ncreation_rules:\n- <<: *x\n- <<: *x\n", []string{`1:8: unknown key "nonsense"`}},
		"recipients twice":   {"creation_rules:\n  - age: a\n    key_groups: [{age: [a, b]}]", []string{"2:5: age is ignored, because the rule also has key_groups"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := environments.ParsePolicy("/repo/.sops.yaml", []byte(c.src))
			require.NoError(t, err)
			rule, err := p.RuleFor("/repo/any")
			if strings.Contains(c.src, "\n  - ") && strings.HasPrefix(c.src, "creation_rules") {
				require.NoError(t, err)
			}
			var got []string
			for i, w := range p.Warnings(rule) {
				got = append(got, fmt.Sprintf("%d:%d: %s", w.Line, w.Column, w.Reason))
				require.Less(t, i, len(c.want), w)
				assert.Contains(t, got[i], c.want[i])
			}
			assert.Len(t, got, len(c.want))
		})
	}
}

// sops encrypts for the key groups alone. A recipient must not lose access
// silently.
func TestRecipientsBesideKeyGroups(t *testing.T) {
	a, b := newRecipient(t), newRecipient(t)
	for src, lost := range map[string]bool{
		"age: " + b + "\n    key_groups: [{age: [" + a + "]}]":                           true,
		"age: [" + a + ", " + b + "]\n    key_groups: [{age: [" + a + "]}]":              true,
		"age: " + a + "\n    key_groups: [{age: [" + a + "]}, {age: [" + b + "]}]":       true,
		"age: " + a + "\n    key_groups: [{age: [" + a + ", " + b + "]}]":                false,
		"age: ''\n    key_groups: [{age: [" + a + "]}]":                                  false,
		"age: " + b + "\n    key_groups: []":                                             false,
		"path_regex: any\n    age: " + b + "\n    key_groups:\n    - age: [" + a + "]\n": true,
	} {
		rule, err := parse(t, "creation_rules:\n  - "+src+"\n").RuleFor("/repo/any")
		require.NoError(t, err, src)
		_, err = rule.Recipients(keys.Default)
		if !lost {
			require.NoError(t, err, src)
			continue
		}
		var p *environments.PolicyError
		require.ErrorAs(t, err, &p, src)
		assert.Regexp(t, `^/repo/\.sops\.yaml:[23]:5: age is ignored, because the rule also has key_groups; `, p.Error())
	}
}

// sops writes the threshold of a single group, too.
func TestThresholdOfOneGroup(t *testing.T) {
	a := newRecipient(t)
	for src, want := range map[string]int{"shamir_threshold: 2": 2, "shamir_threshold: 1": 1, "path_regex: .": 0} {
		rule, err := parse(t, "creation_rules:\n  - "+src+"\n    age: "+a+"\n").RuleFor("/repo/any")
		require.NoError(t, err)
		to, err := rule.Recipients(keys.Default)
		require.NoError(t, err)
		assert.Equal(t, want, to.Threshold)
	}
}

// A policy takes little memory, also with large regular expressions.
func TestBombs(t *testing.T) {
	for _, regex := range []string{
		strings.Repeat("a{1000}", 500), "a{1000}", "^(a?){900}$", "(a|b|c){900}", "(?:(?:a{10}){10}){10}",
		`^\pL{900}$`, `(?i)^\pL{900}$`, strings.Repeat(`\pL`, 1300), strings.Repeat(`[\pL\pN]`, 400), "^(?i:k{900})$",
	} {
		src := []byte("creation_rules:\n" + strings.Repeat("  - path_regex: '"+regex+"'\n", 500))
		taken := allocated(func() {
			p, err := environments.ParsePolicy("/repo/.sops.yaml", src)
			require.NoError(t, err)
			_, err = p.RuleFor("/repo/other")
			require.ErrorContains(t, err, "path_regex is too large")
			require.Regexp(t, `^/repo/\.sops\.yaml:[0-9]+:17: `, err.Error())
		})
		t.Logf("%.20s: %d MB", regex, taken>>20)
		assert.Less(t, taken, uint64(256<<20), regex)
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A rule after one that is too large does not match in its place.
func TestRuleAfterTooLarge(t *testing.T) {
	p, err := environments.ParsePolicy("/repo/.sops.yaml", []byte("creation_rules:\n  - path_regex: ^a\n    encrypted_regex: "+
		strings.Repeat("a{1000}", 500)+"\n  - path_regex: ^b\n    age: x\n  - path_regex: ^c\n    age: y\n"))
	require.NoError(t, err)
	for _, file := range []string{"a", "b", "c"} {
		_, err := p.RuleFor("/repo/" + file)
		require.ErrorContains(t, err, "is too large", file)
	}
}

// Repetitions are expanded only in rules that a file reaches, and not without bounds.
func TestPolicyIsBounded(t *testing.T) {
	bomb := "  - path_regex: '" + strings.Repeat("a{1000}", 500) + "'\n"
	p, err := environments.ParsePolicy("/repo/.sops.yaml", []byte("creation_rules:\n  - path_regex: ^any\n"+strings.Repeat(bomb, 50)))
	require.NoError(t, err)
	rule, err := p.RuleFor("/repo/any")
	require.NoError(t, err)
	assert.Equal(t, 2, rule.Line)
	require.Len(t, p.Warnings(rule), 50)
	assert.Contains(t, p.Warnings(rule)[0].Error(), "/repo/.sops.yaml:3:17: path_regex is too large")
	_, err = p.RuleFor("/repo/other")
	require.ErrorContains(t, err, "/repo/.sops.yaml:3:17: path_regex is too large")

	// A thousand ordinary rules are no bomb.
	var src strings.Builder
	src.WriteString("creation_rules:\n")
	for i := range 1000 {
		fmt.Fprintf(&src, "  - path_regex: ^services/[a-z0-9-]{1,40}/team-%d/(dev|test|prod)\\.(yaml|json|env)$\n", i)
	}
	p, err = environments.ParsePolicy("/repo/.sops.yaml", []byte(src.String()))
	require.NoError(t, err)
	_, err = p.RuleFor("/repo/services/a/team-999/prod.yaml")
	require.NoError(t, err)
	assert.Empty(t, p.Warnings(nil))
}

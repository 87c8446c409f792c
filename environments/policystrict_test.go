package environments_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

func TestPolicyStrictness(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		line int
		want string
	}{
		"key in rule":          {"creation_rules:\n  - path_regexx: a", 2, `:2:5: unknown key "path_regexx" in a creation rule; did you mean "path_regex"?`},
		"key far off":          {"creation_rules:\n  - zzzzzzzz: a", 2, `unknown key "zzzzzzzz" in a creation rule`},
		"key in group":         {"creation_rules:\n  - key_groups:\n    - aeg: []", 3, `unknown key "aeg" in a key group; did you mean "age"?`},
		"key in kms entry":     {"creation_rules:\n  - key_groups:\n    - kms: [{arn: x, rolle: y}]", 3, `did you mean "role"?`},
		"key through merge":    {"x: &x\n  agee: a\ncreation_rules:\n  - <<: *x", 2, `did you mean "age"?`},
		"key in destination":   {"destination_rules:\n  - s3_buket: a", 2, `did you mean "s3_bucket"?`},
		"key in recreation":    {"destination_rules:\n  - recreation_rule:\n      pgpp: a", 3, `in a recreation rule; did you mean "pgp"?`},
		"key in stores":        {"stores:\n  ymal: {indent: 2}", 2, `did you mean "yaml"?`},
		"key in store":         {"stores:\n  dotenv: {indent: 2}", 2, `unknown key "indent" in stores.dotenv`},
		"misspelt top":         {"creation_rule: []", 1, `did you mean "creation_rules"?`},
		"misspelt top 2":       {"Creation_Rulse: []", 1, `did you mean "creation_rules"?`},
		"two selectors":        {"creation_rules:\n  - encrypted_regex: a\n    unencrypted_suffix: b", 0, "exclude each other"},
		"path_regex":           {"creation_rules:\n  - age: a\n  - path_regex: 'a('", 3, "path_regex does not compile: missing closing )"},
		"encrypted_regex":      {"creation_rules:\n  - encrypted_regex: '^(?!a)'", 2, "encrypted_regex does not compile: invalid or unsupported Perl syntax"},
		"comment regex":        {"creation_rules:\n  - encrypted_comment_regex: '*'", 2, "encrypted_comment_regex does not compile"},
		"destination regex":    {"destination_rules:\n  - path_regex: '['", 2, "path_regex does not compile"},
		"rules not a list":     {"creation_rules:\n  age: x", 2, "creation_rules must be a list, not a map"},
		"rule not a map":       {"creation_rules:\n  - age", 2, "a creation rule must be a map, not a text"},
		"rule empty":           {"creation_rules:\n  -", 2, "a creation rule must be a map, not empty"},
		"group empty":          {"creation_rules:\n  - key_groups:\n    -", 3, "a key group must be a map"},
		"age is a number":      {"creation_rules:\n  - age: 12", 2, "age must be a text, not an integer; put it in quotes"},
		"age is a map":         {"creation_rules:\n  - age: {a: b}", 2, "age must be a text, not a map"},
		"age holds a list":     {"t: &t [a]\ncreation_rules:\n  - age:\n    - *t", 4, "an entry of age must be a text, not a list"},
		"age holds nothing":    {"creation_rules:\n  - age: [a, '']", 2, "an entry of age is empty"},
		"age of group a text":  {"creation_rules:\n  - key_groups:\n    - age: a", 3, "age must be a list, not a text"},
		"pgp empty":            {"creation_rules:\n  - key_groups:\n    - pgp: ['']", 3, "an entry of pgp is empty"},
		"kms of group a text":  {"creation_rules:\n  - key_groups:\n    - kms: [x]", 3, "an entry of kms must be a map, not a text"},
		"kms without arn":      {"creation_rules:\n  - key_groups:\n    - kms: [{role: x}]", 3, "arn is missing"},
		"context":              {"creation_rules:\n  - key_groups:\n    - kms: [{arn: x, context: {a: }}]", 3, `"a" in context must be a text`},
		"azure without key":    {"creation_rules:\n  - key_groups:\n    - azure_keyvault: [{vaultUrl: x}]", 3, "key is missing"},
		"hckms as a text":      {"creation_rules:\n  - hckms: a:b", 2, "hckms must be a list, not a text"},
		"threshold is a text":  {"creation_rules:\n  - shamir_threshold: '2'", 2, "shamir_threshold must be an integer, not a text"},
		"threshold is a float": {"creation_rules:\n  - shamir_threshold: 2.5", 2, "must be an integer, not a float"},
		"threshold negative":   {"creation_rules:\n  - shamir_threshold: -1", 2, "must not be negative"},
		"threshold too high":   {"creation_rules:\n  - shamir_threshold: 3\n    key_groups: [{age: [a]}, {age: [b]}]", 2, "is 3, but there are only 2 key groups"},
		"threshold one":        {"creation_rules:\n  - shamir_threshold: 1\n    key_groups: [{age: [a]}, {age: [b]}]", 2, "must be at least 2"},
		"mac_only_encrypted":   {"creation_rules:\n  - mac_only_encrypted: maybe", 2, "must be true or false, not a text"},
		"merge of a text":      {"creation_rules:\n  - <<: a", 2, "what is merged must be a map, not a text"},
		"negative indent":      {"stores: {yaml: {indent: -1}}", 1, "indent must not be negative"},
		"indent below tabs":    {"stores: {json: {indent: -2}}", 1, "indent must be -1 (tabs) or more"},
		"indent":               {"stores: {yaml: {indent: two}}", 1, "indent must be an integer"},
		"duplicate key":        {"creation_rules: []\ncreation_rules: []", 2, "duplicate key"},
		"not YAML":             {"creation_rules: [", 0, ".sops.yaml"},
		"second document":      {"a: b\n---\ncreation_rules: []", 3, "a second document"},
		"list at the top":      {"- a", 1, ".sops.yaml"},
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

func TestPolicyReportsAllProblems(t *testing.T) {
	_, err := environments.ParsePolicy(".sops.yaml", []byte("x: &x {agee: a}\ncreation_rules:\n- <<: *x\n- <<: *x\n- path_regex: (\n"))
	require.Error(t, err)
	assert.Len(t, strings.Split(err.Error(), "\n"), 2, "a problem under an anchor is told once:\n%s", err)
}

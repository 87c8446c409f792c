package environments_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// Demo recipients, made up for these tests: they have the form of keys, but no one
// has their identities.
const (
	alice = "age1a00a6al4zlzvc23qr7vcxvm8xjw3f8hmkhr3xdlgzfxgg2m5r40qgu8n8h"
	bob   = "age15cs4rkjk6gluhj6mv26pfh58jg0n3l5qk0p0qzmhtqq9mvq7f5ksg42pmn"
	carol = "age1r5kqqf2zsvpq3n0yefz4xm3z2yc5d9p0dw0k4f6whh0fjzzk0v4qrz6p0u"
	pgp1  = "0123456789ABCDEF0123456789ABCDEF01234567"
	arn   = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000001"
	role  = "arn:aws:iam::000000000000:role/demo"
)

// demo replaces the $names with the demo keys.
var demo = strings.NewReplacer("$alice", alice, "$bob", bob, "$carol", carol, "$pgp1", pgp1, "$arn", arn, "$role", role)

func parse(t *testing.T, src string) *environments.Policy {
	t.Helper()
	p, err := environments.ParsePolicy("/repo/.sops.yaml", []byte(demo.Replace(src)))
	require.NoError(t, err)
	return p
}

// labels spells the members of a rule, by name where they have one.
func labels(r *environments.Rule) [][]string {
	groups := [][]string{}
	for _, g := range r.Groups {
		group := []string{}
		for _, m := range g {
			group = append(group, m.Type+" "+m.Label())
		}
		groups = append(groups, group)
	}
	return groups
}

func TestPolicyShapes(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		file string
		line int
		want [][]string
	}{
		"README of sops": {
			src: `
creation_rules:
  - path_regex: \.dev\.yaml$
    kms: '$arn, $arn+$role'
    pgp: '0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567,$pgp1'
    hc_vault_transit_uri: "http://localhost:8200/v1/sops/keys/thirdkey"
  # falls through to the last one
  - gcp_kms: projects/demo/locations/global/keyRings/sops/cryptoKeys/sops-key
    azure_keyvault: https://demo.vault.azure.net/keys/sops/0123
    hckms:
      - tr-west-1:00000000-0000-0000-0000-000000000001
`,
			file: "/repo/x.prod.yaml", line: 8,
			want: [][]string{{
				"gcp_kms projects/demo/locations/global/keyRings/sops/cryptoKeys/sops-key",
				"hckms tr-west-1:00000000-0000-0000-0000-000000000001",
				"azure_kv https://demo.vault.azure.net/keys/sops/0123",
			}},
		},
		"flat lists in the order of sops, without duplicates": {
			src: `
creation_rules:
  - path_regex: \.dev\.yaml$
    kms: '$arn, $arn+$role'
    aws_profile: dev
    pgp: '0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567,$pgp1'
    hc_vault_transit_uri: "http://localhost:8200/v1/sops/keys/thirdkey"
    age: >-
      $alice,
      $bob,
`,
			file: "/repo/x.dev.yaml", line: 3,
			want: [][]string{{
				"age " + alice, "age " + bob, "pgp " + pgp1,
				"kms " + arn + "||dev", "kms " + arn + "+" + role + "||dev",
				"hc_vault http://localhost:8200/v1/sops/keys/thirdkey",
			}},
		},
		"sops-nix": {
			src: `
keys:
  - &users
    - &alice $alice
    - &bob $bob # not his name
  - &hosts
    - &server $carol
  - &card $pgp1
creation_rules:
  - path_regex: secrets/[^/]+\.(yaml|json|env|ini)$
    key_groups:
      - age:
          - *alice
          - *server
        pgp: [*card]
      - age: ["$bob"]
`,
			file: "/repo/secrets/web.yaml", line: 10,
			want: [][]string{{"age alice", "age server", "pgp card"}, {"age bob"}},
		},
		"flux": {
			src: `
creation_rules:
  - path_regex: .*.yaml
    encrypted_regex: ^(data|stringData)$
    mac_only_encrypted: yes
    age: $alice # ops
`,
			file: "/repo/clusters/a/secret.yaml", line: 3,
			want: [][]string{{"age ops"}},
		},
		"merged key groups": {
			src: `
base: &base
  age: [$alice]
creation_rules:
  - key_groups:
      - merge:
          - *base
          - pgp: [$pgp1]
            merge: [{age: ['$carol,$alice']}]
        age: [$bob, $alice]
        kms:
          - arn: $arn
            role: $role
            context: {b: "2", a: x}
            aws_profile: dev
        gcp_kms: [{resource_id: projects/p}]
        azure_keyvault: [{vaultUrl: "https://v.example", key: k, version: ""}]
        hc_vault: ["https://v.example/v1/transit/keys/k"]
        hckms: [{key_id: "r:u"}]
    age: ignored
`,
			file: "/repo/a.yaml", line: 5,
			want: [][]string{{
				"age " + alice, "age " + carol, "pgp " + pgp1, "age " + bob,
				"kms " + arn + "+" + role + "|a:x,b:2|dev",
				"gcp_kms projects/p", "hckms r:u", "azure_kv https://v.example/keys/k",
				"hc_vault https://v.example/v1/transit/keys/k",
			}},
		},
		"merge keys": {
			src: `
.default: &default {age: $alice, path_regex: never}
.more: &more {age: $bob, pgp: $pgp1}
creation_rules:
  - <<: [*default, *more]
    path_regex: ^a
`,
			file: "/repo/a.yaml", line: 5,
			want: [][]string{{"age " + alice, "pgp " + pgp1}},
		},
		"no recipients": {
			src:  "creation_rules:\n  - path_regex: a\n    age:\n    key_groups: []\n",
			file: "/repo/a.yaml", line: 2,
			want: [][]string{{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rule, err := parse(t, c.src).RuleFor(c.file)
			require.NoError(t, err)
			assert.Equal(t, c.line, rule.Line)
			assert.Equal(t, c.want, labels(rule))
		})
	}
}

func TestRuleLookup(t *testing.T) {
	p := parse(t, `
creation_rules:
  - path_regex: ^environments/prod
    unencrypted_regex: ^x$
    age: $alice
  - path_regex: ^/elsewhere/.*\.yaml$
    encrypted_suffix: _secret
    age: $alice
  - path_regex: /dev\.
    age: $alice
`)
	for file, line := range map[string]int{
		"/repo/environments/prod.yaml":     3,
		"/repo/sub/environments/prod.yaml": 0, // anchored at the policy's folder
		"/elsewhere/a.yaml":                6, // not below it: absolute
		"/repo/environments/dev.yaml":      9, // unanchored
		"/repo/environments/devx.yaml":     0,
		"/repo2/environments/prod.yaml":    0,
	} {
		rule, err := p.RuleFor(file)
		if line == 0 {
			require.ErrorIs(t, err, environments.ErrNoRule, file)
			continue
		}
		require.NoError(t, err, file)
		assert.Equal(t, line, rule.Line, file)
	}
	_, err := parse(t, "destination_rules: []\n").RuleFor("/repo/a.yaml")
	assert.ErrorIs(t, err, environments.ErrNoRule)
	_, err = parse(t, "---\n# nothing yet\n").RuleFor("/repo/a.yaml")
	assert.ErrorIs(t, err, environments.ErrNoRule)
}

func TestSelectors(t *testing.T) {
	for src, want := range map[string]envfile.Rules{
		"age: $alice":                              {UnencryptedSuffix: "_unencrypted"},
		"unencrypted_suffix: ''":                   {UnencryptedSuffix: "_unencrypted"},
		"unencrypted_suffix: _u":                   {UnencryptedSuffix: "_u"},
		"encrypted_suffix: _e":                     {EncryptedSuffix: "_e"},
		"unencrypted_regex: ^u":                    {UnencryptedRegex: "^u"},
		"encrypted_regex: ^(data|stringData)$":     {EncryptedRegex: "^(data|stringData)$"},
		"unencrypted_comment_regex: u":             {UnencryptedCommentRegex: "u"},
		"encrypted_comment_regex: e":               {EncryptedCommentRegex: "e"},
		"mac_only_encrypted: true":                 {UnencryptedSuffix: "_unencrypted", MACOnlyEncrypted: true},
		"mac_only_encrypted: on":                   {UnencryptedSuffix: "_unencrypted", MACOnlyEncrypted: true},
		"mac_only_encrypted: 'no'":                 {UnencryptedSuffix: "_unencrypted"},
		"{encrypted_regex: x, encrypted_suffix: }": {EncryptedRegex: "x"},
	} {
		rule, err := parse(t, "creation_rules:\n  - "+src+"\n").RuleFor("/repo/a.yaml")
		require.NoError(t, err, src)
		assert.Equal(t, want, rule.Rules, src)
	}
}

func TestPolicyTolerates(t *testing.T) {
	p := parse(t, `
keys: {x: 1}
hosts: &h [a]
kms: &kms x
anything: {creation_rulez: 1}
stores: {yaml: {indent: 2}, json: {indent: -1}, json_binary: {indent: 1}, dotenv: {}, ini: }
destination_rules:
  - {path_regex: a, s3_bucket: b, s3_prefix: c, omit_extensions: true, recreation_rule: {pgp: $pgp1}}
  - {vault_path: a, vault_address: b, vault_kv_mount_name: c, vault_kv_version: 1}
  - {gcs_bucket: a, gcs_prefix: b}
creation_rules: [{shamir_threshold: 2, age: $alice}]
`)
	rule, err := p.RuleFor("/repo/a")
	require.NoError(t, err)
	assert.Equal(t, 2, rule.Threshold)
	assert.Equal(t, 2, rule.MetadataIndent)
	assert.Equal(t, 1, rule.BinaryIndent)
}

func TestNames(t *testing.T) {
	p := parse(t, `
aside: &dave ssh-ed25519 AAAAdemo dave@host
keys:
  - &alice $alice # the comment of one with an anchor
  - team:
      - $bob # bob, laptop
  - [$carol, age1demo] # of neither
  - not a recipient
creation_rules:
  - age: "$alice,$bob, $carol"
    kms: &cloud $arn+$role
    pgp: 0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567 # card
  - key_groups:
      - kms:
          - &aws {arn: $arn, context: {a: b}}
        hc_vault: [https://v.example/v1/a/b/keys/k] # transit
`)
	for recipient, want := range map[string]string{
		alice:                               "alice",
		bob:                                 "bob, laptop",
		carol:                               "",
		"age1demo":                          "",
		"age1unknown":                       "",
		"ssh-ed25519 AAAAdemo dave@host":    "dave",
		pgp1:                                "card",
		arn + "+" + role:                    "cloud",
		arn + " " + role:                    "cloud", // as a file's metadata are named
		arn + "|a:b":                        "aws",
		"https://v.example/v1/a/b/keys/k":   "transit",
		"https://v.example a/b k":           "transit",
		"0123456789abcdef 0123456789abcdef": "",
	} {
		assert.Equal(t, want, p.NameOf(recipient), recipient)
	}
	assert.Equal(t, []environments.PolicyRecipient{
		{Name: "dave", Recipient: "ssh-ed25519 AAAAdemo dave@host", Type: "age"},
		{Name: "alice", Recipient: alice, Type: "age"},
		{Name: "bob, laptop", Recipient: bob, Type: "age"},
		{Recipient: carol, Type: "age"},
		{Recipient: "age1demo", Type: "age"},
		{Name: "cloud", Recipient: arn + "+" + role, Type: "kms"},
		{Name: "card", Recipient: pgp1, Type: "pgp"},
		{Name: "aws", Recipient: arn + "|a:b", Type: "kms"},
		{Name: "transit", Recipient: "https://v.example/v1/a/b/keys/k", Type: "hc_vault"},
	}, p.Recipients())
}

func TestMemberFields(t *testing.T) {
	p := parse(t, `
creation_rules:
  - key_groups:
      - kms: [{arn: $arn, role: $role, context: {b: "2", a: x}, aws_profile: dev}]
        azure_keyvault: [{vaultUrl: "https://v.example", key: k, version: v1}]
        hc_vault: ["https://v.example:8200/v1/some/transit/keys/k"]
`)
	rule, err := p.RuleFor("/repo/a")
	require.NoError(t, err)
	group := rule.Groups[0]
	assert.Equal(t, []keys.Field{
		{Name: "arn", Value: arn},
		{Name: "role", Value: role},
		{Name: "context", Map: []keys.Field{{Name: "a", Value: "x"}, {Name: "b", Value: "2"}}},
		{Name: "aws_profile", Value: "dev"},
	}, group[0].Fields)
	assert.Equal(t, []keys.Field{{Name: "vault_url", Value: "https://v.example"}, {Name: "name", Value: "k"}, {Name: "version", Value: "v1"}}, group[1].Fields)
	assert.Equal(t, []keys.Field{
		{Name: "vault_address", Value: "https://v.example:8200"},
		{Name: "engine_path", Value: "some/transit"},
		{Name: "key_name", Value: "k"},
	}, group[2].Fields)
}

func TestRuleRecipients(t *testing.T) {
	// Real recipients, so that the provider takes them; their identities were thrown away.
	a, b := newRecipient(t), newRecipient(t)
	rule, err := parse(t, "creation_rules:\n  - key_groups: [{age: ["+a+"]}, {age: ["+b+"]}]\n    shamir_threshold: 2\n").RuleFor("/repo/x")
	require.NoError(t, err)
	to, err := rule.Recipients(keys.Default)
	require.NoError(t, err)
	assert.Equal(t, 2, to.Threshold)
	require.Len(t, to.Groups, 2)
	assert.Equal(t, a, to.Groups[0][0].String())
	assert.Equal(t, b, to.Groups[1][0].String())
}

func TestRuleRecipientsErrors(t *testing.T) {
	rule, err := parse(t, `
creation_rules:
  - key_groups:
      - age: [age1broken]
        pgp:
          - $pgp1 # card
      - {}
`).RuleFor("/repo/x")
	require.NoError(t, err)
	_, err = rule.Recipients(keys.Default)
	var unknown *keys.UnknownTypeError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "pgp", unknown.Type)
	assert.ErrorIs(t, err, envfile.ErrNoRecipients)
	assert.ErrorContains(t, err, "/repo/.sops.yaml:4: age recipient age1broken: malformed")
	assert.ErrorContains(t, err, "/repo/.sops.yaml:6: pgp recipient card: no provider")
	assert.ErrorContains(t, err, "/repo/.sops.yaml:3: key group 2 of the creation rule: no recipients")

	rule, err = parse(t, "creation_rules:\n  - path_regex: .\n").RuleFor("/repo/x")
	require.NoError(t, err)
	_, err = rule.Recipients(keys.Default)
	assert.ErrorIs(t, err, envfile.ErrNoRecipients)
}

func FuzzParsePolicy(f *testing.F) {
	for _, src := range []string{
		"", "creation_rules: [{age: a}]", "keys: [&a age1x]\ncreation_rules: [{<<: {pgp: b}, key_groups: [{merge: [{age: [*a]}]}]}]",
		"creation_rules:\n- kms: 'a+arn:b|c'\n  shamir_threshold: 3\n", "a: &a [*a]", "stores: {yaml: }", "x: !!binary aGk=\n<<: [[]]\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := environments.ParsePolicy("/repo/.sops.yaml", src)
		if err != nil {
			var broken *environments.PolicyError
			require.True(t, errors.As(err, &broken), "every error has a place: %v", err)
			return
		}
		for _, person := range p.Recipients() {
			if person.Name != "" {
				require.NotEmpty(t, p.NameOf(person.Recipient))
			}
		}
		if rule, err := p.RuleFor("/repo/environments/prod.yaml"); err == nil {
			require.NotEmpty(t, rule.Groups)
			require.NoError(t, rule.Rules.Validate())
		}
	})
}

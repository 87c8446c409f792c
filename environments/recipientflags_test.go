package environments_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

func TestRecipientFlagsMembers(t *testing.T) {
	t.Parallel()
	flags := environments.RecipientFlags{
		Lists: map[string]string{
			"age": "age1b, age1a,,age1b", "pgp": "AAAA BBBB", "kms": "arn:aws:kms:x:1:key/2+arn:aws:iam::1:role/r, arn:aws:kms:x:1:key/3",
			"gcp_kms": "projects/p", "hckms": "r:1", "azure_kv": "https://v/keys/k/1", "hc_vault": "https://h:8200/v1/transit/keys/k",
		},
		Fields: map[string][]keys.Field{"kms": {
			{Name: "aws_profile", Value: "p"}, {Name: "context", Map: []keys.Field{{Name: "b", Value: "2"}, {Name: "a", Value: "1"}}},
		}},
	}
	var got []string
	for _, m := range flags.Members() {
		assert.NotNil(t, m.Fields, m.Recipient)
		got = append(got, m.Type+" "+m.Recipient)
	}
	assert.Equal(t, []string{
		"kms arn:aws:kms:x:1:key/2+arn:aws:iam::1:role/r|a:1,b:2|p",
		"kms arn:aws:kms:x:1:key/3|a:1,b:2|p",
		"gcp_kms projects/p", "hckms r:1", "azure_kv https://v/keys/k/1", "pgp AAAABBBB",
		"hc_vault https://h:8200/v1/transit/keys/k", "age age1b", "age age1a",
	}, got)
	assert.Empty(t, environments.RecipientFlags{Lists: map[string]string{"age": " , "}}.Members())
}

func TestRuleWithoutPolicy(t *testing.T) {
	t.Parallel()
	rule := environments.Rule{Policy: "--age", Groups: [][]environments.Member{environments.RecipientFlags{Lists: map[string]string{"age": "age1bad"}}.Members()}}
	_, err := rule.Recipients(keys.Default)
	assert.ErrorContains(t, err, "--age: age recipient age1bad: ")
}

package environments_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/environments"
)

// If an identity is in the policy instead of a recipient, no part of it is in the
// error.
func TestIdentityInPolicy(t *testing.T) {
	for name, src := range map[string]string{
		"anchor":  "keys:\n  - &a AGE-SECRET-KEY-1CANARY\ncreation_rules:\n  - age: *a\n",
		"rule":    "creation_rules:\n  - age: age1x, AGE-SECRET-KEY-1CANARY\n",
		"group":   "creation_rules:\n  - key_groups:\n    - age: [AGE-PLUGIN-X-1CANARY]\n",
		"elsehow": "creation_rules:\n  - pgp: age-secret-key-1canary\n",
		"ssh":     "creation_rules:\n  - age: |\n      -----BEGIN OPENSSH PRIVATE KEY-----\n      CANARY\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := environments.ParsePolicy(".sops.yaml", []byte(src))
			require.ErrorContains(t, err, "private key in a policy: replace it with its recipient")
			assert.NotContains(t, err.Error(), "CANARY")
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

package privatekey_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/internal/privatekey"
)

func TestHideVariables(t *testing.T) {
	t.Parallel()
	const account = "{\n  \"type\": \"service_account\",\n  \"private_key_id\": \"hunter2canary\"\n}"
	env := map[string]string{
		"VAULT_CACERT":                   "hvs.hunter2canary",
		"AWS_CA_BUNDLE":                  "/etc/ssl/ca.pem",
		"GOOGLE_APPLICATION_CREDENTIALS": account,
		"AWS_ACCESS_KEY_ID":              "short",
		"HOME":                           "/home/hunter2canary",
	}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	exists := func(path string) bool { return path == "/etc/ssl/ca.pem" }
	flat := strings.Join(strings.Fields(account), " ")
	for text, want := range map[string]string{
		"open hvs.hunter2canary: no such file":             "open $VAULT_CACERT: no such file",
		"hvs.hunter2canary, hvs.hunter2canary":             "$VAULT_CACERT, $VAULT_CACERT",
		"open /etc/ssl/ca.pem: permission denied; short":   "open /etc/ssl/ca.pem: permission denied; short",
		"open " + account + ": no such file":               "open $GOOGLE_APPLICATION_CREDENTIALS: no such file",
		"open " + flat + ": no such file":                  "open $GOOGLE_APPLICATION_CREDENTIALS: no such file",
		"open " + flat[:50] + " …":                         "open $GOOGLE_APPLICATION_CREDENTIALS …",
		"/home/hunter2canary/x is none of these variables": "/home/hunter2canary/x is none of these variables",
		"open hvs.hunter2: no such file":                   "open hvs.hunter2: no such file",
		"nothing to hide":                                  "nothing to hide",
	} {
		assert.Equal(t, want, privatekey.HideVariables(text, lookup, exists))
	}
}

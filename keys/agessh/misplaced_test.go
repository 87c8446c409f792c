package agessh_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/errchain"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/agessh"
)

// Demo keys, made for these tests.
const (
	demoIdentity = "AGE-SECRET-KEY-1C54Q8WF6U4WGDAJ0H3T7T376ZQWHW8LRZKQ58F3SPCTATGQHQ2TSLDXN9L"
	demoPublic   = "age1yusnsgd7fzt3zfq823knc59v8hkmnzl3m47l6evn3h0z6urvuugsnxef95"
	demoHybrid   = "AGE-SECRET-KEY-PQ-1KL84UKZHQZDH6Z9U4E88DQNWWDUYDZE53N32M0VTWEPJFZD6QCZQD3Z0JE"
)

// demoSSH is a key of OpenSSH, made for this test.
const demoSSH = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACBZBYGYWzRrXk7Cnt/fw+79YGvXr38vZKiTn4CWPWRhHQAAAJCmop/6pqKf
+gAAAAtzc2gtZWQyNTUxOQAAACBZBYGYWzRrXk7Cnt/fw+79YGvXr38vZKiTn4CWPWRhHQ
AAAEBu5uuID2PrcfLuIk76VZpZ7zw5y0otnNAHE6cvneI5N1kFgZhbNGteTsKe39/D7v1g
a9evfy9kqJOfgJY9ZGEdAAAAB3Jvb3RAdm0BAgMEBQY=
-----END OPENSSH PRIVATE KEY-----
`

// only is an environment with one variable.
func only(variable, value string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name != variable {
			return "", false
		}
		return value, true
	}
}

// brokenSource returns the error of the key source in a variable, nil if it holds
// identities.
func brokenSource(t *testing.T, variable, value string) (broken error) {
	t.Helper()
	dir := t.TempDir()
	_, err := keys.Default.Identities(t.Context(), keys.Source{
		LookupEnv: only(variable, value), ReadFile: os.ReadFile, ConfigDir: dir, HomeDir: dir,
		Run: func(ctx context.Context, argv []string) ([]byte, error) {
			return exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
		},
		Broken: func(err error) { broken = err },
	})
	require.NoError(t, err)
	return broken
}

// TestKeyInTheWrongVariable proves that no variable is quoted that may hold a key.
func TestKeyInTheWrongVariable(t *testing.T) {
	t.Parallel()
	ageFile := "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBo\n-----END AGE ENCRYPTED FILE-----\n"
	body := strings.Join(strings.Split(demoSSH, "\n")[1:6], "\n")
	given := map[string]string{
		"identity":   demoIdentity,
		"lower case": strings.ToLower(demoIdentity),
		"spaces":     "  " + demoIdentity + "  ",
		"two":        demoIdentity + " " + demoIdentity,
		"lines":      "# created: today\n# public key: " + demoPublic + "\n" + demoIdentity + "\n" + demoIdentity + "\n",
		"cut":        demoIdentity[:40],
		"hybrid":     demoHybrid,
		"plugin":     "AGE-PLUGIN-DEMO-1" + demoIdentity[16:],
		"ssh":        demoSSH,
		"ssh, cut":   demoSSH[:200],
		"ssh, body":  body,
		"age file":   ageFile,
		"quoted":     `"` + demoIdentity + `"`,
		"any secret": "hunter2-canary",
		"a command":  "show hunter2-canary",
		"long":       strings.Repeat("hunter2-canary", 400),
	}
	for name, value := range given {
		for _, variable := range []string{keys.EnvAgeKey, keys.EnvAgeKeyFile, keys.EnvAgeKeyCmd, agessh.EnvPrivateKeyFile, agessh.EnvPrivateKeyCmd} {
			err := brokenSource(t, variable, value)
			if err == nil {
				assert.Equal(t, keys.EnvAgeKey, variable, "%s", name)
				continue
			}
			all := ""
			for e := range errchain.All(err) {
				all += e.Error() + "\n"
			}
			assert.Contains(t, all, "$"+variable, "%s", name)
			for _, secret := range append(strings.Fields(value), strings.Fields(body)...) {
				secret = strings.Trim(secret, `"`)
				if len(secret) < 12 || strings.HasPrefix(secret, "-----") || secret == demoPublic {
					continue
				}
				assert.NotContains(t, strings.ToLower(all), strings.ToLower(secret[len(secret)/2:]), "%s in $%s", name, variable)
			}
			assert.NotContains(t, all, "hunter2", "%s in $%s", name, variable)
		}
	}
}

func TestMisplacedKeyHints(t *testing.T) {
	t.Parallel()
	for variable, cases := range map[string]map[string]string{
		keys.EnvAgeKeyFile: {
			demoIdentity: "$SOPS_AGE_KEY_FILE holds an identity, expected a path: put it into $SOPS_AGE_KEY",
			demoSSH:      "$SOPS_AGE_KEY_FILE holds a private key, expected a path: save the key in a file and put its path into $SOPS_AGE_SSH_PRIVATE_KEY_FILE",
			"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----": "$SOPS_AGE_KEY_FILE holds an encrypted identity file, expected a path: put it into $SOPS_AGE_KEY",
			filepath.Join(t.TempDir(), "hunter2"):                                        "$SOPS_AGE_KEY_FILE: no such file or directory",
		},
		keys.EnvAgeKeyCmd: {
			demoIdentity: "$SOPS_AGE_KEY_CMD holds an identity, expected a command: put it into $SOPS_AGE_KEY",
			demoSSH:      "$SOPS_AGE_KEY_CMD holds a private key, expected a command: save the key in a file and put its path into $SOPS_AGE_SSH_PRIVATE_KEY_FILE",
		},
		agessh.EnvPrivateKeyFile: {
			demoIdentity: "$SOPS_AGE_SSH_PRIVATE_KEY_FILE holds an identity, expected a path: put it into $SOPS_AGE_KEY",
		},
		keys.EnvAgeKey: {
			"/home/me/keys.txt": "$SOPS_AGE_KEY holds a path, expected identities: put it into $SOPS_AGE_KEY_FILE",
			"~/keys.txt":        "$SOPS_AGE_KEY holds a path, expected identities: put it into $SOPS_AGE_KEY_FILE",
		},
	} {
		for value, want := range cases {
			err := brokenSource(t, variable, value)
			assert.EqualError(t, err, want)
		}
	}
}

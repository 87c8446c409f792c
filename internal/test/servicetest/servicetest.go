// Package servicetest tests key providers together with the real sops, and packages
// for secret managers. It starts the services: real ones, and fakes for services
// that are not available.
//
// `.ci/services.sh` builds the services and prints their paths. If a service is
// missing, the test is skipped and logs the reason. With
// SEALCFG_TEST_SERVICES=required, as in CI, it fails.
package servicetest

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/errchain"
)

// EnvRequired is the variable that makes a missing service a failure, if it is
// "required".
const EnvRequired = "SEALCFG_TEST_SERVICES"

// Missing ends a test for lack of a service.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(EnvRequired) == "required" {
		t.Fatalf("%s is missing, but $%s requires it", what, EnvRequired)
	}
	t.Skipf("SKIPPED, NOT TESTED: %s is missing (.ci/services.sh)", what)
}

// NeedTrust ends a test where $SSL_CERT_FILE has no effect.
func NeedTrust(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		Missing(t, "a variable that makes a program trust a fake, as on Linux,")
	}
}

// Program finds a program: the path in the variable, or the name on PATH or
// where `go install` puts it. Either may be "".
func Program(t testing.TB, variable, name string) string {
	t.Helper()
	if path := os.Getenv(variable); variable != "" && path != "" {
		_, err := exec.LookPath(path)
		require.NoError(t, err, "$%s", variable)
		return path
	}
	if name == "" {
		Missing(t, "the program that $"+variable+" names")
	}
	path := Find(name)
	if path == "" {
		Missing(t, name)
	}
	return path
}

// Find returns the path of a program on PATH or where `go install` puts it, or "".
func Find(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	out, err := exec.Command("go", "env", "GOBIN", "GOPATH").Output()
	if err != nil {
		return ""
	}
	dirs := strings.Split(string(out), "\n")
	if dirs[0] == "" {
		dirs[0] = filepath.Join(dirs[1], "bin")
	}
	path, err := exec.LookPath(filepath.Join(dirs[0], name))
	if err != nil {
		return ""
	}
	return path
}

// Presentable demands an error that can be shown: one line, not too long, which
// quotes none of the secrets, encoded or not. No error that it wraps quotes one.
func Presentable(t testing.TB, err error, secrets ...string) {
	t.Helper()
	require.Error(t, err)
	t.Log(err)
	assert.NotContains(t, err.Error(), "\n")
	assert.Less(t, len(err.Error()), 400)
	for _, s := range secrets {
		require.NotEmpty(t, s)
		for _, form := range []string{
			s, hex.EncodeToString([]byte(s)),
			base64.RawStdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
		} {
			for e := range errchain.All(err) {
				assert.NotContains(t, e.Error(), form)
			}
		}
	}
}

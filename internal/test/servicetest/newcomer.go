package servicetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/fake/aws"
)

// Unset removes variables from the environment for the duration of a test: the
// variables whose names begin with prefix, except those in keep.
func Unset(t *testing.T, prefix string, keep ...string) {
	t.Helper()
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		kept := false
		for _, k := range keep {
			kept = kept || name == k
		}
		if strings.HasPrefix(name, prefix) && !kept {
			t.Setenv(name, "") // it restores the old value
			require.NoError(t, os.Unsetenv(name))
		}
	}
}

// NothingOfAWS gives a test the environment of a user without any settings for AWS,
// except that endpointVariable names a service.
func NothingOfAWS(t *testing.T, endpointVariable, endpoint string) {
	t.Helper()
	Unset(t, "AWS_", "AWS_CA_BUNDLE")
	dir := t.TempDir()
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv(endpointVariable, endpoint)
}

// LoggedInto gives a test the environment of a new user of a fake for AWS, without
// any other settings for AWS.
func LoggedInto(t *testing.T, service *aws.Server, endpointVariable, endpoint string) *aws.Credentials {
	t.Helper()
	NeedTrust(t)
	NothingOfAWS(t, endpointVariable, endpoint)
	t.Setenv("AWS_REGION", aws.Region)
	user := service.AddUser("alice")
	t.Setenv("AWS_ACCESS_KEY_ID", user.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", user.SecretAccessKey)
	return user
}

// NewHome is a TestMain: it gives the tests an empty home directory, for libraries
// that look once where it is.
func NewHome(m *testing.M, home *string) {
	var err error
	if *home, err = os.MkdirTemp("", "home"); err != nil {
		panic(err)
	}
	if err := os.Setenv("HOME", *home); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(*home)
	os.Exit(code)
}

package servicetest

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

// Main is a TestMain: it starts a fake, lets the process and the programs
// that it starts use it, and runs the tests. A process reads $SSL_CERT_FILE once,
// so a test cannot do it.
func Main[S fake.Service](m *testing.M, service *S, start func(*fake.CA) (S, error)) {
	if _, ok := os.LookupEnv(envInside); ok { // the parent process of the test runs the fake
		os.Exit(m.Run())
	}
	code := 1
	err := fake.Run(func(variables map[string]string, _ []fake.Service) error {
		for name, value := range variables {
			if err := os.Setenv(name, value); err != nil {
				return fmt.Errorf("set $%s: %w", name, err)
			}
		}
		code = m.Run()
		return nil
	}, func(ca *fake.CA) (fake.Service, error) {
		s, err := start(ca)
		*service = s
		return s, err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// Untrusted starts a fake with a certificate of an authority that clients do not
// trust.
func Untrusted[S fake.Service](t testing.TB, start func(*fake.CA) (S, error)) S {
	t.Helper()
	ca, err := fake.NewCA()
	require.NoError(t, err)
	other, err := start(ca)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, other.Close()) })
	return other
}

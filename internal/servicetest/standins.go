package servicetest

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/standin"
)

// Main is a TestMain: it starts a stand-in, lets the process and the programs
// that it starts use it, and runs the tests. A process reads $SSL_CERT_FILE once,
// so a test cannot do it.
func Main[S standin.Service](m *testing.M, service *S, start func(*standin.CA) (S, error)) {
	if _, ok := os.LookupEnv(envInside); ok { // it runs beside that of the test
		os.Exit(m.Run())
	}
	code := 1
	err := standin.Run(func(variables map[string]string, _ []standin.Service) error {
		for name, value := range variables {
			if err := os.Setenv(name, value); err != nil {
				return fmt.Errorf("set $%s: %w", name, err)
			}
		}
		code = m.Run()
		return nil
	}, func(ca *standin.CA) (standin.Service, error) {
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

// Untrusted starts a stand-in that cannot prove who it is: nobody trusts its
// authority.
func Untrusted[S standin.Service](t testing.TB, start func(*standin.CA) (S, error)) S {
	t.Helper()
	ca, err := standin.NewCA()
	require.NoError(t, err)
	other, err := start(ca)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, other.Close()) })
	return other
}

package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// Only a line feed ends a line. A carriage return at the end of the file belongs to the value or
// comment before it.
func TestDotenvEndsInCarriageReturn(t *testing.T) {
	for _, text := range []string{"A=x\r", "A=x\r\nB=y\r", "#c\r", "A=x\r\n"} {
		requireSameBytes(t, envfile.Dotenv, text, envfile.Rules{})
		requireSameBytes(t, envfile.Dotenv, text, envfile.Rules{EncryptedRegex: "^nothing$"})
	}
}

func TestDotenvSetBackslashN(t *testing.T) {
	d, err := envfile.Parse(envfile.Dotenv, []byte("A=x\n"))
	require.NoError(t, err)
	for _, name := range []string{"A", "B"} {
		_, err := d.Apply(envfile.Set(envfile.Path{{Key: name}}, crypto.Str, `C:\new`))
		require.ErrorContains(t, err, "reads as a line feed")
		require.NotContains(t, err.Error(), "new")
	}
}

// The warnings about export and comments also apply if a tab replaces the blank.
func TestDotenvWarningsWithTabs(t *testing.T) {
	d, err := envfile.Parse(envfile.Dotenv, []byte("export\tA=x\nB=x\t# c\nC=a#b\n"))
	require.NoError(t, err)
	warnings, err := d.Warnings(envfile.Rules{})
	require.NoError(t, err)
	require.Len(t, warnings, 2)
	require.Contains(t, warnings[0].Reason, `"export"`)
	require.Contains(t, warnings[1].Reason, "comment on a separate line")
}

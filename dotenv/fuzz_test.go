package dotenv_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/dotenv"
)

// FuzzParse checks that errors do not contain the message of the parser, which
// quotes the input.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"A=1\n", "export A='x' # c\nB=\"a\nb\"\nC=${A}$B\n", "A=\"open\n", "=x\n", "A: b\n", "\xef\xbb\xbfA=1\n", "A=\\\n", "A=$\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		variables, err := dotenv.Parse(".env", []byte(text))
		if err != nil {
			require.Regexp(t, `^\.env:\d+: not a line of a \.env file$`, err.Error())
			return
		}
		for _, v := range variables {
			require.True(t, strings.Contains(v, "="), "%q", v)
		}
	})
}

package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// Each parser fails at merge conflict markers in its own way, but the error is the same.
func TestMergeConflict(t *testing.T) {
	for name, src := range map[string]string{
		"yaml":   "a:\n<<<<<<< HEAD\n  b: CANARY\n=======\n  b: 2\n>>>>>>> other\n",
		"json":   "{\n<<<<<<< HEAD\n\"b\": \"CANARY\"\n=======\n\"b\": 2\n>>>>>>> other\n}\n",
		"dotenv": "A=1\n<<<<<<< HEAD\nB=CANARY\n=======\nB=2\n>>>>>>> other\n",
		"ini":    "[a]\n<<<<<<< HEAD\nb = CANARY\n=======\nb = 2\n>>>>>>> other\n",
		"toml":   "a = 1\r\n<<<<<<< HEAD\r\nb = 'CANARY'\r\n=======\r\nb = 2\r\n>>>>>>> other\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f, ok := envfile.FormatNamed(name)
			require.True(t, ok)
			_, err := envfile.Parse(f, []byte(src))
			require.EqualError(t, err, "line 2: unresolved merge conflict")
			_, err = envfile.ParseSealed(f, []byte(src))
			var syntax *envfile.SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.True(t, syntax.Conflict)
		})
	}
	_, err := envfile.ReadYAML([]byte("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n"))
	require.EqualError(t, err, "line 1: unresolved merge conflict")
}

// A file that only mentions merges is valid, and other errors stay the same.
func TestNoMergeConflict(t *testing.T) {
	_, err := envfile.Parse(envfile.YAML, []byte("a: |\n  x\n  <<<<<<< HEAD\n  >>>>>>> other\n"))
	require.NoError(t, err)
	_, err = envfile.Parse(envfile.Dotenv, []byte("A=1\n<<<<<<< HEAD\n"))
	require.EqualError(t, err, "line 2: expected KEY=value, got no =")
}

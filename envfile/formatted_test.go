package envfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A file with a binding stays valid when a formatter writes it. .ci/formatted.sh created the files
// with prettier 3.10.1 and yamlfmt 0.21.0, and can create them again.
func TestFormattedFilesStayValid(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "formatted", name))
		require.NoError(t, err)
		return string(text)
	}
	plain := parse(t, read("plain.yaml"))
	encrypted := read("encrypted.yaml")
	files, err := filepath.Glob(filepath.Join("testdata", "formatted", "encrypted-*.yaml"))
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text := read(filepath.Base(path))
			require.NotEqual(t, encrypted, text, "the formatter changed nothing")
			o, err := openExpecting(envfile.YAML, text, envfile.Expectation{Bound: true})
			require.NoError(t, err)
			assert.Equal(t, shape(plain.Roots()), shape(o.Roots()))
			printed, err := o.Text()
			require.NoError(t, err)
			assert.Equal(t, shape(plain.Roots()), shape(parse(t, string(printed)).Roots()))
		})
	}
}

package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A stream of encrypted files is not taken for one that someone changed.
func TestDocumentsOfSeveralFiles(t *testing.T) {
	a, b := string(seal(t, "a: 1\n", envfile.Rules{}).Bytes()), string(seal(t, "b: 2\n", envfile.Rules{}).Bytes())
	both := string(seal(t, "a: 1\n---\nb: 2\n", envfile.Rules{}).Bytes())
	require.NoError(t, openErr(both))
	for text, want := range map[string]string{
		a + "---\n" + b:        "document 2 has the metadata of another file",
		a + "---\nb: 2\n":      "document 2 has no metadata",
		a + "---\n" + a + "c:": "",
	} {
		err := openErr(text)
		require.ErrorIs(t, err, envfile.ErrIntegrity)
		if want == "" {
			assert.NotErrorIs(t, err, envfile.ErrDocuments)
			continue
		}
		assert.ErrorIs(t, err, envfile.ErrDocuments)
		assert.ErrorContains(t, err, want)
	}
	added := openErr(a + "---\nb: 2\n")
	assert.ErrorIs(t, added, envfile.ErrUnencrypted, "encrypt can encrypt it")
}

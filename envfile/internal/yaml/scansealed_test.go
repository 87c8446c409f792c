package yaml_test

import (
	"errors"
	"flag"
	"os"
	"slices"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/envfile/internal/yaml"
	"github.com/sealcfg/sealcfg/internal/test/corpus"
	"github.com/sealcfg/sealcfg/keys"
)

var scanEvery = flag.Int("scanevery", 10, "every how manieth file of the corpus is sealed for the scanner")

// TestScanCorpus tries the scanner on real files and on their encrypted versions.
func TestScanCorpus(t *testing.T) {
	files, err := corpus.Files()
	if errors.Is(err, corpus.ErrAbsent) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	id, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	to, err := keys.ParseAgeRecipient(id.Recipient().String())
	require.NoError(t, err)
	read, taken, sealed, sealedTaken := 0, 0, 0, 0
	for i, f := range files {
		src, err := os.ReadFile(f.Path)
		require.NoError(t, err)
		if yaml.Scanned(t, string(src)) {
			taken++
		}
		d, err := envfile.Parse(envfile.YAML, slices.Clone(src))
		if err != nil {
			continue
		}
		if read++; i%*scanEvery > 0 {
			continue
		}
		if s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, envfile.Recipients{Groups: [][]keys.Recipient{{to}}}); err == nil {
			sealed++
			if yaml.Scanned(t, string(s.Bytes())) {
				sealedTaken++
			}
		}
	}
	t.Logf("of %d files, %d can be read, and the scanner takes %d; sealed, it takes %d of %d", len(files), read, taken, sealedTaken, sealed)
	require.Greater(t, taken, read/2)
	require.Greater(t, sealedTaken, sealed/2)
}

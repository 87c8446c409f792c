// Package vectors_test holds sealcfg against test vectors that others keep. It is a
// separate module, so that sealcfg does not require them.
package vectors_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"strings"
	"testing"

	agetest "c2sp.org/CCTV/age"
	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

// maxSecret is the most that package keys takes for a data key or a share of one.
const maxSecret = 1 << 10

// An ageVector is one file of c2sp.org/CCTV/age.
type ageVector struct {
	fields map[string][]string
	file   []byte
}

func (v *ageVector) is(field, value string) bool {
	return len(v.fields[field]) == 1 && v.fields[field][0] == value
}

func readAgeVector(t *testing.T, name string) *ageVector {
	t.Helper()
	text, err := fs.ReadFile(agetest.Vectors, name)
	require.NoError(t, err)
	head, file, ok := bytes.Cut(text, []byte("\n\n"))
	require.True(t, ok, "%s has a header", name)
	v := &ageVector{fields: map[string][]string{}, file: file}
	for line := range strings.SplitSeq(string(head), "\n") {
		field, value, ok := strings.Cut(line, ": ")
		require.True(t, ok, "%s: %s", name, line)
		v.fields[field] = append(v.fields[field], value)
	}
	if v.is("compressed", "zlib") {
		r, err := zlib.NewReader(bytes.NewReader(file))
		require.NoError(t, err)
		v.file, err = io.ReadAll(r)
		require.NoError(t, err)
	}
	return v
}

// identities returns the identities of the vector, parsed by sealcfg.
func (v *ageVector) identities(t *testing.T) []keys.Identity {
	t.Helper()
	var all []keys.Identity
	for _, text := range v.fields["identity"] {
		id, err := keys.ParseAgeIdentity(text)
		require.NoError(t, err)
		all = append(all, id)
	}
	for _, text := range v.fields["passphrase"] {
		id, err := age.NewScryptIdentity(text)
		require.NoError(t, err)
		all = append(all, keys.AgeIdentity(id, ""))
	}
	if len(all) == 0 { // files without a stanza
		id, err := age.GenerateX25519Identity()
		require.NoError(t, err)
		all = append(all, keys.AgeIdentity(id, ""))
	}
	return all
}

// stanza has the vector where a SOPS file has the wrapped data key: in armor.
func (v *ageVector) stanza(t *testing.T) *keys.Stanza {
	t.Helper()
	s := &keys.Stanza{Type: keys.AgeType, Wrapped: string(v.file)}
	if !v.is("armored", "yes") {
		var b strings.Builder
		w := armor.NewWriter(&b)
		_, err := w.Write(v.file)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		s.Wrapped = b.String()
	}
	return s
}

// unwrap tries the identities in turn, as decryption does.
func (v *ageVector) unwrap(t *testing.T) (secret []byte, err error) {
	t.Helper()
	for _, id := range v.identities(t) {
		secret, err = id.Unwrap(t.Context(), []*keys.Stanza{v.stanza(t)})
		if err == nil {
			return secret, nil
		}
	}
	return nil, err
}

// Every vector of age gives a data key if it should, and an error and no byte if not.
func TestAgeVectors(t *testing.T) {
	names, err := fs.Glob(agetest.Vectors, "*")
	require.NoError(t, err)
	count := map[string]int{}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			v := readAgeVector(t, name)
			require.Len(t, v.fields["expect"], 1)
			expect := v.fields["expect"][0]
			secret, err := v.unwrap(t)
			if expect != "success" {
				count[expect]++
				assert.Error(t, err)
				assert.ErrorIs(t, err, keys.ErrNoMatch, "the next identity may be asked")
				assert.Empty(t, secret)
				return
			}
			if err != nil && strings.Contains(err.Error(), "more than 1024 bytes") {
				count["success, but longer than any data key"]++
				return
			}
			count["success"]++
			require.NoError(t, err)
			require.LessOrEqual(t, len(secret), maxSecret)
			sum := sha256.Sum256(secret)
			assert.Equal(t, v.fields["payload"], []string{hex.EncodeToString(sum[:])})
		})
	}
	t.Log(count)
	assert.Equal(t, map[string]int{
		"success": 19, "success, but longer than any data key": 7, "no match": 13,
		"header failure": 62, "HMAC failure": 1, "payload failure": 19, "armor failure": 26,
	}, count)
}

package envfile_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A file that is encrypted as one value may be large, so it must not be copied more than necessary.
// The encrypted file is a third larger than the plaintext.
func TestBinaryCopies(t *testing.T) {
	src := bytes.Repeat([]byte("0123456789abcde\x00"), 1<<19)
	to := sealedTo(alice)
	copies := func(do func()) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / float64(len(src))
	}

	var sealed *envfile.Sealed
	made := copies(func() {
		d, err := envfile.Parse(envfile.Binary, src)
		require.NoError(t, err)
		sealed, _, err = envfile.Seal(t.Context(), d, envfile.Rules{}, to)
		require.NoError(t, err)
	})
	assert.Less(t, made, 4.0, "Seal: the ciphertext, the sealed text, and the plain text when it is opened again")

	var opened *envfile.Opened
	var text []byte
	made = copies(func() {
		s, err := envfile.ParseSealed(envfile.Binary, sealed.Bytes())
		require.NoError(t, err)
		opened, err = s.Open(t.Context(), alice)
		require.NoError(t, err)
		text, err = opened.Text()
		require.NoError(t, err)
	})
	assert.Less(t, made, 2.2, "Open and Text: the plain text as a value, and as bytes")
	assert.True(t, bytes.Equal(src, text))

	made = copies(func() {
		var err error
		sealed, err = opened.Rotate(t.Context(), envfile.Rules{}, to)
		require.NoError(t, err)
	})
	assert.Less(t, made, 4.0, "Rotate: as Seal")
}

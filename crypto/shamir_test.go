package crypto

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGaloisField(t *testing.T) {
	assert.EqualValues(t, 0xC1, gfMul(0x57, 0x83), "FIPS 197, section 4.2")
	assert.EqualValues(t, 0xFE, gfMul(0x57, 0x13), "FIPS 197, section 4.2.1")
	for a := 1; a < 256; a++ {
		assert.EqualValues(t, 1, gfMul(byte(a), gfInverse(byte(a))), "inverse of %d", a)
	}
}

func TestSplitCombine(t *testing.T) {
	key := NewDataKey()
	for _, tt := range []struct{ shares, threshold int }{{2, 2}, {3, 2}, {5, 3}, {255, 2}, {7, 7}} {
		shares, err := Split(key, tt.shares, tt.threshold)
		require.NoError(t, err)
		require.Len(t, shares, tt.shares)
		got, err := Combine(shares[tt.shares-tt.threshold:])
		require.NoError(t, err)
		assert.Equal(t, key.Bytes(), got.Bytes())
		if tt.threshold > 2 {
			got, err = Combine(shares[:tt.threshold-1])
			require.NoError(t, err)
			assert.NotEqual(t, key.Bytes(), got.Bytes(), "one share too few")
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	for _, tt := range []struct{ shares, threshold int }{{1, 1}, {2, 1}, {2, 3}, {256, 2}} {
		_, err := Split(NewDataKey(), tt.shares, tt.threshold)
		assert.ErrorIs(t, err, ErrShares)
	}
	shares, err := Split(NewDataKey(), 2, 2)
	require.NoError(t, err)
	for name, bad := range map[string][][]byte{
		"one":   shares[:1],
		"twice": {shares[0], shares[0]},
		"short": {shares[0], shares[1][:32]},
		"zero":  {shares[0], make([]byte, 33)},
	} {
		_, err := Combine(bad)
		assert.ErrorIs(t, err, ErrShares, name)
	}
}

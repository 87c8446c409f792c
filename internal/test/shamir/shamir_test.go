// Package shamir_test compares the shares of data keys with the shares of sops. It is a
// separate package, because a test of package crypto that imports sops would add sops to
// the go.sum of every program that uses the library.
package shamir_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/getsops/sops/v3/shamir"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

// sops combines the shares that crypto.Split returns, and crypto.Combine combines the
// shares of sops, with any shares in any order.
func TestShamirBothWays(t *testing.T) {
	for _, c := range []struct{ shares, threshold int }{{2, 2}, {3, 2}, {3, 3}, {7, 4}, {255, 3}} {
		t.Run(fmt.Sprintf("%d of %d", c.threshold, c.shares), func(t *testing.T) {
			key := crypto.NewDataKey()
			ours, err := crypto.Split(key, c.shares, c.threshold)
			require.NoError(t, err)
			theirs, err := shamir.Split(key.Bytes(), c.shares, c.threshold)
			require.NoError(t, err)
			for from := range min(c.shares-c.threshold+1, 5) {
				some := func(all [][]byte) [][]byte {
					part := append([][]byte(nil), all[from:from+c.threshold]...)
					part[0], part[len(part)-1] = part[len(part)-1], part[0]
					return part
				}
				got, err := shamir.Combine(some(ours))
				require.NoError(t, err)
				assert.True(t, bytes.Equal(key.Bytes(), got), "sops combines our shares")
				back, err := crypto.Combine(some(theirs))
				require.NoError(t, err)
				assert.True(t, bytes.Equal(key.Bytes(), back.Bytes()), "we combine shares of sops")
			}
			few, err := shamir.Combine(append(ours[:c.threshold-1:c.threshold-1], []byte(strings.Repeat("x", 33))))
			if err == nil {
				assert.False(t, bytes.Equal(key.Bytes(), few), "too few")
			}
		})
	}
}

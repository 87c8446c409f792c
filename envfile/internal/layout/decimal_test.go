package layout

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Equal numbers, in several JSON notations.
func TestSameDecimal(t *testing.T) {
	texts := []string{"1e400", "1e99999999999999999999", "1e-99999999999999999999", "-0", "-0.0e5", "00"}
	for _, digits := range []string{"0", "1", "-1", "10", "100", "0.1", "0.10", "0.01", "0.0100", "1.5", "-1.5", "15", "150", "1.50", "12.34", "1234", "0.0", "-0.0", "0.1000000000000000055511151231257827"} {
		texts = append(texts, digits)
		for _, exponent := range []string{"0", "1", "+1", "-1", "2", "-2", "03"} {
			texts = append(texts, digits+"e"+exponent, digits+"E"+exponent)
		}
	}
	same := 0
	for _, a := range texts {
		for _, b := range texts {
			x, ok1 := new(big.Rat).SetString(a)
			y, ok2 := new(big.Rat).SetString(b)
			want := ok1 && ok2 && x.Cmp(y) == 0
			if !ok1 && !ok2 {
				want = a == b // outside of the library's range
			}
			if want {
				same++
			}
			assert.Equal(t, want, SameDecimal(a, b), fmt.Sprintf("%s %s", a, b))
		}
	}
	assert.Greater(t, same, len(texts))
	assert.True(t, SameDecimal("0e99999999999999999999", "0")) // outside of the library's range
}

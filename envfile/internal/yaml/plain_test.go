package yaml

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A string that is plain without a call of the parser must be plain to the parser.
func TestObviouslyPlainIsPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		"a", "Z", "0", "9", "12", ":", " ", "#", "-", ".", "_", "/", "+", "=", "@", ",", "[", "]", "{", "}", "'", `"`, "!", "?", "&", "*",
		"%", "|", ">", "<", "`", "~", `\`, "true", "null", "no", "e", "0x", "1e3", "2024-01-31", "12:30", "T", "inf", "nan", "<<", "---", "...",
	}
	found := map[bool]int{}
	for range 60_000 {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		text := b.String()
		for _, flow := range []bool{false, true} {
			if obviouslyPlain(text, flow) {
				found[flow]++
				if !parsesAsPlain(text, flow, false) {
					assert.Failf(t, "not plain", "%q, flow %t", text, flow)
				}
			}
		}
	}
	assert.Greater(t, found[false], 10_000)
	assert.Greater(t, found[true], 2_000)
}

package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/envfile"
)

// roundTrips are texts that come back byte for byte, with what stands in the
// sealed file in the place of the plain text: <type> for a sealed value.
var roundTrips = []struct{ name, plain, sealed string }{
	{"plain", "a: x\nb: 1\nc: 1.5\nd: true\ne: 2024-01-31\n", "a: <str>\nb: <int>\nc: <float>\nd: <bool>\ne: <time>\n"},
}

func TestRoundTrip(t *testing.T) {
	for _, c := range roundTrips {
		t.Run(c.name, func(t *testing.T) {
			s := seal(t, c.plain, envfile.Rules{})
			assert.Equal(t, c.sealed, body(t, string(s.Bytes())))
			assert.Equal(t, c.plain, document(t, open(t, s)))
		})
	}
}

package settings_test

import (
	"math/big"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

// A leading zero makes a file mode octal in every source. For other numbers it is an error in
// sources without types, because readers disagree.
func TestLeadingZero(t *testing.T) {
	type settings struct {
		Perm  os.FileMode `default:"0640" max:"0777"`
		Other os.FileMode `cfg:",optional" oneof:"0600 0 640"`
		N     int         `cfg:",optional"`
		U     uint16      `cfg:",optional"`
		F     float64     `cfg:",optional"`
		B     *big.Int    `cfg:",optional"`
	}
	s, err := fromVariables[settings](t)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), s.Perm)
	for text, want := range map[string]os.FileMode{"0600": 0o600, "0o600": 0o600, "0": 0, "00": 0} {
		s, err := fromVariables[settings](t, "APP_OTHER="+text)
		require.NoError(t, err, text)
		assert.Equal(t, want, s.Other, text)
	}
	_, err = fromVariables[settings](t, "APP_PERM=01000")
	require.ErrorContains(t, err, "perm")
	_, err = fromVariables[settings](t, "APP_PERM=0689")
	require.ErrorContains(t, err, "expected a file mode in octal digits")

	for _, variable := range []string{"APP_N=0640", "APP_N=-0640", "APP_U=0640", "APP_F=0640", "APP_B=0640"} {
		_, err := fromVariables[settings](t, variable)
		require.ErrorContains(t, err, "a leading zero, which some programs read as octal", variable)
		assert.NotContains(t, err.Error(), "640")
	}
	for _, text := range []string{"007", "0", "08", "640"} { // all readers agree
		_, err := fromVariables[settings](t, "APP_N="+text)
		require.NoError(t, err, text)
	}

	type file struct {
		Perm os.FileMode
		N    int `cfg:",optional"`
	}
	for name, text := range map[string]string{"dev.env": "PERM=0640\n", "dev.ini": "perm = 0640\n", "dev.yaml": "perm: 0640\n", "dev.toml": "perm = 0o640\n"} {
		read := func(text string) (*file, error) {
			fsys := fstest.MapFS{name: {Data: []byte(text)}}
			return sealcfg.Load[file](t.Context(), sealcfg.WithEnv("dev"), sealcfg.WithFS(fsys, "."), sealcfg.AllowPlain("dev"), sealcfg.WithEnviron())
		}
		s, err := read(text)
		require.NoError(t, err, text)
		assert.Equal(t, os.FileMode(0o640), s.Perm)
		if name == "dev.env" || name == "dev.ini" {
			_, err = read(text + "N=0640\n")
			require.ErrorContains(t, err, "some programs read as octal", text)
		}
	}
	type bad struct {
		N int `default:"0640"`
	}
	_, err = fromVariables[bad](t)
	require.ErrorContains(t, err, "some programs read as octal")
}

package interop

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

var generators = []struct {
	format envfile.Format
	make   func([]byte) []byte
}{
	{envfile.YAML, document}, {envfile.JSON, jsonDocument}, {envfile.Dotenv, dotenvDocument}, {envfile.INI, iniDocument},
	{envfile.Binary, func(seed []byte) []byte { return seed }},
}

// sopsTakesIt reports whether sops reads text as an encrypted file in format f.
func sopsTakesIt(f envfile.Format, text []byte) (ok bool) {
	defer func() { ok = recover() == nil && ok }()
	_, err := sopsStore(f).LoadEncryptedFile(text)
	return err == nil
}

// FuzzDetect compares Detect with the stores of sops. Detect finds the format of a
// file that sops encrypted. No command encrypts a file again that a store reads as
// an encrypted file. at and b change one byte of the file.
func FuzzDetect(f *testing.F) {
	for i := range generators {
		f.Add(byte(i), []byte("\x03\x01\x02\x00\x05\x06\x07\x09\x0a"), uint16(0), byte(0))
		f.Add(byte(i), []byte("\x05\x04\x03\x02\x01\x00\x01\x02\x03\x04"), uint16(300), byte('\n'))
	}
	f.Fuzz(func(t *testing.T, kind byte, seed []byte, at uint16, b byte) {
		g := generators[int(kind)%len(generators)]
		text, err := sopsSealAs(g.format, g.make(seed), envfile.Rules{})
		if err != nil {
			return
		}
		found, encrypted := envfile.Detect("cfg", text)
		require.True(t, encrypted, "%s", text)
		if g.format != envfile.JSON || found != envfile.Binary { // {"data": …} may be both
			require.Equal(t, g.format.Name(), found.Name(), "%s", text)
		}
		if b != 0 {
			text[int(at)%len(text)] = b
		}
		for _, other := range generators {
			if !sopsTakesIt(other.format, text) {
				continue
			}
			_, err := envfile.Parse(envfile.Binary, text)
			_, seems := envfile.Guess(text)
			require.True(t, err != nil || seems, "%s: would be encrypted twice:\n%s", other.format.Name(), text)
		}
	})
}

// Detect finds the files of sops under any name, and none in the plaintext files
// of the conformance data.
func TestDetectFixtures(t *testing.T) {
	for _, folder := range []string{"sealed-by-sops", "sops-fixtures"} {
		for name, text := range texts(t, folder) {
			f := formatOf(name)
			if !sopsTakesIt(f, []byte(text)) {
				continue
			}
			for _, as := range []string{"cfg", ".env.production", "UP.INI", name} {
				got, encrypted := envfile.Detect(as, []byte(text))
				assert.True(t, encrypted, "%s as %s", name, as)
				if _, err := envfile.ParseSealed(got, []byte(text)); err != nil {
					_, sameErr := envfile.ParseSealed(f, []byte(text))
					assert.Error(t, sameErr, "%s as %s: %v", name, as, err)
				}
			}
		}
	}
	for name, text := range texts(t, "in") {
		_, encrypted := envfile.Detect(name, []byte(text))
		_, err := envfile.Parse(formatOf(name), []byte(text))
		assert.False(t, encrypted && err == nil, name)
	}
}

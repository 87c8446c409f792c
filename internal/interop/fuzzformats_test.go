package interop

import (
	"path/filepath"
	"testing"

	"github.com/sealcfg/sealcfg/envfile"
)

// corpusTexts are the small files of the conformance data of a format.
func corpusTexts(f *testing.F, format envfile.Format) []string {
	var given []string
	for name, text := range texts(f, "in") {
		if formatOf(name) == format && filepath.Ext(name) != "" {
			given = append(given, text)
		}
	}
	return given
}

// The same as FuzzBothWays in the formats other than YAML.

func FuzzBothWaysJSON(f *testing.F) {
	fuzzBothWays(f, envfile.JSON, jsonDocument, corpusTexts(f, envfile.JSON))
}

func FuzzBothWaysDotenv(f *testing.F) {
	fuzzBothWays(f, envfile.Dotenv, dotenvDocument, corpusTexts(f, envfile.Dotenv))
}

func FuzzBothWaysINI(f *testing.F) {
	fuzzBothWays(f, envfile.INI, iniDocument, corpusTexts(f, envfile.INI))
}

func FuzzBothWaysBinary(f *testing.F) {
	fuzzBothWays(f, envfile.Binary, func(seed []byte) []byte { return seed }, corpusTexts(f, envfile.Binary))
}

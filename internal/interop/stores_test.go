package interop

import (
	"fmt"
	"strings"
	"testing"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/stores/dotenv"
	"github.com/getsops/sops/v3/stores/ini"
	"github.com/getsops/sops/v3/stores/json"
	"github.com/getsops/sops/v3/stores/yaml"

	"github.com/sealcfg/sealcfg/envfile"
)

// sopsStore returns sops's store for a format, with its defaults.
func sopsStore(f envfile.Format) sops.Store {
	stores := config.NewStoresConfig()
	switch f {
	case envfile.YAML:
		return yaml.NewStore(&stores.YAML)
	case envfile.JSON:
		return json.NewStore(&stores.JSON)
	case envfile.Dotenv:
		return dotenv.NewStore(&stores.Dotenv)
	case envfile.INI:
		return ini.NewStore(&stores.INI)
	case envfile.Binary:
		return json.NewBinaryStore(&stores.JSONBinary)
	}
	panic(fmt.Sprintf("sops has no store for %s", f.Name()))
}

// formatOf is the format of a conformance file, by its extension.
func formatOf(name string) envfile.Format {
	f, _ := envfile.FormatOf(name)
	return f
}

// emptyDefault stands for the section DEFAULT of an INI file, which sops always
// has and we have if there is a key or a comment in it.
const emptyDefault = `#0."DEFAULT" map`

// sopsPlaces is the shape of a tree as sops reads it from a format, without a
// section DEFAULT that has no key.
func sopsPlaces(t testing.TB, f envfile.Format, branches sops.TreeBranches) []string {
	shape := sopsShape(t, branches)
	if f == envfile.INI {
		return withoutEmptyDefault(shape)
	}
	return shape
}

// oursPlaces is the same as we read it.
func oursPlaces(f envfile.Format, roots []*envfile.Node) []string {
	shape := oursShape(roots)
	if f == envfile.INI {
		return withoutEmptyDefault(shape)
	}
	return shape
}

func withoutEmptyDefault(shape []string) []string {
	var kept []string
	for i, line := range shape {
		if line != emptyDefault || i+1 < len(shape) && strings.HasPrefix(shape[i+1], `#0."DEFAULT".`) {
			kept = append(kept, line)
		}
	}
	return kept
}

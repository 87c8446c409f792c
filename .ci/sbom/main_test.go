package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// schema is the schema of CycloneDX 1.6, from the module of CycloneDX.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	require.NoError(t, err)
	dir := filepath.Join(strings.TrimSpace(string(out)), "schema")
	c := jsonschema.NewCompiler()
	for name, file := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, c.AddResource("http://cyclonedx.org/schema/"+name, doc))
	}
	s, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	require.NoError(t, err)
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return s.Validate(doc)
}

// The bill of each command is valid, and has every module that the linker put into it.
func TestMaterials(t *testing.T) {
	cache := goCommand(t, nil, "env", "GOMODCACHE")
	s := schema(t)
	for command, atLeast := range map[string]int{"sealcfg": 5, "sealcfg-kms": 50} {
		program := filepath.Join(t.TempDir(), command)
		goCommand(t, []string{"CGO_ENABLED=0"}, "build", "-trimpath", "-o", program, "./cmd/"+command)
		bill, err := materials(program, cache)
		require.NoError(t, err)
		text, err := json.Marshal(bill)
		require.NoError(t, err)
		require.NoError(t, valid(t, s, text))

		var read cyclonedx.BOM
		require.NoError(t, cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&read))
		got := map[string]string{}
		for _, c := range *read.Components {
			got[c.Name] = c.Version
			if c.Version != "" { // not a module of this working copy
				assert.NotEmpty(t, *c.Licenses, c.Name)
			}
		}
		info, err := buildinfo.ReadFile(program)
		require.NoError(t, err)
		want := map[string]string{"std": info.GoVersion[len("go"):]}
		for _, m := range info.Deps {
			want[m.Path] = strings.TrimSuffix(m.Version, "(devel)")
		}
		assert.Equal(t, want, got)
		assert.GreaterOrEqual(t, len(got), atLeast)
		assert.Equal(t, "github.com/sealcfg/sealcfg/cmd/"+command, read.Metadata.Component.Name)

		bill.Components[1].Licenses[0].License.ID = "no such licence"
		text, err = json.Marshal(bill)
		require.NoError(t, err)
		require.Error(t, valid(t, s, text), "the schema refuses something")

		_, err = materials(program, t.TempDir())
		require.Error(t, err, "without licences there is no bill")
	}
}

// Command gen writes documents about the settings: a schema of the files for editors,
// an example file, an example .env, and a table.
//
//	go generate ./examples/webservice
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/examples/webservice/config"
)

func main() {
	if err := generate("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// generate writes the documents into a directory.
func generate(dir string) error {
	schema, err := sealcfg.LayerSchema[config.Settings]() // for one of several files: no field is required
	if err != nil {
		return err
	}
	d, err := sealcfg.Describe[config.Settings](config.Options()...)
	if err != nil {
		return err
	}
	for _, document := range []struct {
		name, head string
		write      func(io.Writer) error
	}{
		{"settings.schema.json", "", func(w io.Writer) error { _, err := w.Write(schema); return err }},
		{".env.example", "# Copy to .env and fill in. Made by go generate.\n\n", d.WriteEnvExample},
		{"example.yaml", "# Made by go generate.\n\n", d.WriteYAML},
		{"SETTINGS.md", "# Settings\n\nMade by `go generate`.\n\n", d.WriteMarkdown},
	} {
		var text bytes.Buffer
		text.WriteString(document.head)
		if err := document.write(&text); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, document.name), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

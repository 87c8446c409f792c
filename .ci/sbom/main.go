// Command sbom writes the bill of materials of a Go program, as CycloneDX in JSON:
// the modules that the linker put into it, each with its licence. It reads them from
// the program itself, and the licences from the module cache. For one program it
// always writes the same bytes.
//
//	sbom PROGRAM
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sbom PROGRAM")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(program string) error {
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("ask go for its module cache: %w", err)
	}
	bill, err := materials(program, strings.TrimSpace(string(cache)))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(bill)
}

type bom struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	PURL       string     `json:"purl"`
	Licenses   []license  `json:"licenses,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type license struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// materials reads the modules that a program contains.
func materials(program, cache string) (*bom, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", program, err)
	}
	main := newComponent("application", info.Main.Path, info.Main.Version)
	main.Name = info.Path
	std := newComponent("library", "std", strings.TrimPrefix(info.GoVersion, "go"))
	std.Licenses = licenses([]string{"BSD-3-Clause"})
	components := []component{std}
	for _, m := range info.Deps {
		c, err := linked(m, cache)
		if err != nil {
			return nil, err
		}
		components = append(components, c)
	}
	whole := dependency{Ref: main.Ref}
	for _, c := range components {
		whole.DependsOn = append(whole.DependsOn, c.Ref)
	}
	return &bom{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: metadata{main}, Components: components, Dependencies: []dependency{whole},
	}, nil
}

func linked(m *debug.Module, cache string) (component, error) {
	if m.Replace != nil {
		m = m.Replace
	}
	c := newComponent("library", m.Path, m.Version)
	if m.Version == "(devel)" { // of the same working copy, as the program
		return c, nil
	}
	ids, err := licencesOf(moduleDir(cache, m.Path, m.Version))
	if err != nil {
		return c, fmt.Errorf("%s %s: %w", m.Path, m.Version, err)
	}
	c.Licenses = licenses(ids)
	c.Properties = []property{{"go.sum", m.Sum}}
	return c, nil
}

func newComponent(kind, path, version string) component {
	purl := "pkg:golang/" + path
	if version == "(devel)" { // built from a working copy
		version = ""
	}
	if version != "" {
		purl += "@" + strings.ReplaceAll(version, "+", "%2B")
	}
	return component{Type: kind, Ref: purl, Name: path, Version: version, PURL: purl}
}

func licenses(ids []string) []license {
	all := make([]license, len(ids))
	for i, id := range ids {
		all[i].License.ID = id
	}
	return all
}

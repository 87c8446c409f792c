package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A sideResult is what TestSideBySide measured: processor time of one call, in
// microseconds, by round and library.
type sideResult struct {
	Name, Base string // Base is the library that the others are compared with
	Libraries  []string
	Rounds     [][]float64
}

// The work of the libraries, and the floor below them: see side_test.go.
const (
	bind100, bind1000 = "bind 100 settings", "bind 1,000 settings"
	load100, load1000 = "load 100 sealed settings", "load 1,000 sealed settings"
	partsName         = "the floor + yaml.v3"
)

// libraryVersions names the libraries as this module requires them.
func libraryVersions() (string, error) {
	args := []string{"list", "-m", "-f", "{{.Path}} {{.Version}}"}
	out, err := exec.Command("go", append(args, "gopkg.in/yaml.v3", "github.com/knadh/koanf/v2", "github.com/knadh/koanf/parsers/yaml",
		"github.com/spf13/viper", "github.com/ilyakaznacheev/cleanenv", sopsModule)...).Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	names := strings.Join(strings.Split(strings.TrimSpace(string(out)), "\n"), ", ")
	return names, nil
}

// measureSides runs TestSideBySide in a separate process.
func measureSides(rounds int) ([]sideResult, error) {
	work, err := os.MkdirTemp("", "sealcfg-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	file := filepath.Join(work, "side.json")
	out, err := exec.Command("go", "test", "-count=1", "-timeout=1h", "-run=^TestSideBySide$", ".", "-args", "-side="+file, "-rounds="+strconv.Itoa(rounds)).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go test: %w\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all []sideResult
	return all, json.Unmarshal(text, &all)
}

// sideTable compares libraries. It computes ratios within a round, whose turns are close in time.
func sideTable(all []sideResult) string {
	var b strings.Builder
	for _, r := range all {
		base := slices.Index(r.Libraries, r.Base)
		fmt.Fprintf(&b, "\n| %s, %d rounds | ms | against %s | against sealcfg |\n|---|---:|---:|---:|\n", r.Name, len(r.Rounds), r.Base)
		for i, l := range r.Libraries {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l,
				r.quarters(func(m []float64) float64 { return m[i] / 1000 }),
				r.quarters(func(m []float64) float64 { return m[i] / m[base] }),
				r.quarters(func(m []float64) float64 { return m[i] / m[0] }))
		}
	}
	return b.String()
}

// quarters returns the spread over the rounds.
func (r sideResult) quarters(of func([]float64) float64) spread {
	numbers := make([]float64, len(r.Rounds))
	for i, m := range r.Rounds {
		numbers[i] = of(m)
	}
	return spreadOf(numbers)
}

// against returns the median ratio of two libraries, computed within each round.
func (r sideResult) against(library, base string) (float64, bool) {
	i, j := slices.Index(r.Libraries, library), slices.Index(r.Libraries, base)
	if i < 0 || j < 0 || len(r.Rounds) == 0 {
		return 0, false
	}
	return r.quarters(func(m []float64) float64 { return m[i] / m[j] }).median, true
}

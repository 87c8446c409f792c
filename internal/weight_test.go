package internal_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	maxRequirements = 6   // every require line of a consumer's go.mod, including the one for sealcfg
	maxModules      = 25  // of go list -m all
	maxGrowth       = 3.8 // MB, stripped
)

const consumerMod = `module example.com/consumer

go 1.26.0

require github.com/sealcfg/sealcfg v0.0.0

replace github.com/sealcfg/sealcfg => `

const consumerMain = `package main

import (
	"context"
	"os"

	"github.com/sealcfg/sealcfg"
)

type settings struct {
	Listen   string
	Password sealcfg.Secret[string]
}

func main() {
	if _, err := sealcfg.Load[settings](context.Background()); err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
`

// consumer makes a module that imports this one, and has the go command write
// its requirements.
func consumer(t *testing.T, program string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	// Our go.sum contains the checksums for a consumer, so the network is not
	// needed.
	sum, err := os.ReadFile(filepath.Join(root(t), "go.sum"))
	require.NoError(t, err)
	write("go.mod", consumerMod+strconv.Quote(root(t))+"\n")
	write("go.sum", string(sum))
	write("main.go", program)
	write("empty/main.go", "package main\n\nfunc main() {}\n")
	if out, err := goIn(t, dir, "mod", "tidy"); err != nil {
		skipOffline(t, out, err)
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}
	return dir
}

// The weight of a program that imports only the root package.
func TestWeight(t *testing.T) {
	dir := consumer(t, consumerMain)
	requirements := requirementsOf(t, dir)
	t.Logf("%d requirements of at most %d: %v", len(requirements), maxRequirements, requirements)
	require.NotEmpty(t, requirements)
	require.LessOrEqual(t, len(requirements), maxRequirements)

	list, err := goIn(t, dir, "list", "-m", "all")
	require.NoError(t, err, "%s", list)
	all := strings.Split(strings.TrimSpace(string(list)), "\n")
	t.Logf("%d modules of at most %d", len(all), maxModules)
	require.LessOrEqual(t, len(all), maxModules, "%s", list)
	require.NotRegexp(t, vendors, string(list))

	empty, full := buildSize(t, dir, "./empty"), buildSize(t, dir, ".")
	growth := float64(full-empty) / 1e6
	t.Logf("stripped: %.2f MB, empty: %.2f MB, growth %.2f MB of at most %.1f", float64(full)/1e6, float64(empty)/1e6, growth, maxGrowth)
	require.Greater(t, growth, 0.5, "the program holds the package")
	require.LessOrEqual(t, growth, maxGrowth)
}

// vendors are the modules of the key services and secret managers.
var vendors = regexp.MustCompile(`(?m)^(google\.golang\.org/grpc|cloud\.google\.com|google\.golang\.org/api|github\.com/(aws|Azure|hashicorp|huaweicloud|googleapis)/)`)

// A program that pins versions of what sealcfg's other modules require keeps them.
func TestUpgradesNothing(t *testing.T) {
	pinned := map[string]string{"google.golang.org/grpc": "v1.70.0", "github.com/aws/aws-sdk-go-v2": "v1.36.0"}
	dir := consumer(t, consumerMain)
	for path, version := range pinned {
		out, err := goIn(t, dir, "mod", "edit", "-require="+path+"@"+version)
		require.NoError(t, err, "%s", out)
	}
	// Only the list of all modules reads the requirements of sealcfg.
	out, err := goIn(t, dir, "list", "-m", "all")
	skipOffline(t, out, err)
	require.NoError(t, err, "%s", out)
	for path, version := range pinned {
		require.Contains(t, strings.Split(string(out), "\n"), path+" "+version)
	}
}

var offline = regexp.MustCompile(`dial tcp|no such host|connection refused|network is unreachable|i/o timeout|module lookup disabled`)

// skipOffline skips a test outside CI if a command of go needs the network and there is none.
func skipOffline(t *testing.T, out []byte, err error) {
	t.Helper()
	if err != nil && os.Getenv("CI") == "" && offline.Match(out) {
		t.Skipf("SKIPPED, nothing is checked: no module cache and no network:\n%s", out)
	}
}

func goIn(t *testing.T, dir string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=0")
	return cmd.CombinedOutput()
}

func requirementsOf(t *testing.T, dir string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = dir
	out, err := cmd.Output()
	require.NoError(t, err)
	var mod struct {
		Require []struct{ Path, Version string }
	}
	require.NoError(t, json.NewDecoder(bytes.NewReader(out)).Decode(&mod))
	var all []string
	for _, r := range mod.Require {
		all = append(all, r.Path)
	}
	return all
}

func buildSize(t *testing.T, dir, target string) int64 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	out, err := goIn(t, dir, "build", "-trimpath", "-ldflags=-s -w", "-o", path, target)
	require.NoError(t, err, "%s", out)
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

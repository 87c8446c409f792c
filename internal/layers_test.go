package internal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// layers are the packages of the house, from right to left: each may import
// those before it. docs/layout.md draws the picture.
var layers = []string{"crypto", "keys", "envfile", "environments", ".", "cmd/sealcfg"}

// libraries are the layers that other programs import.
var libraries = layers[:5]

func rank(name string) int {
	for i, l := range layers {
		if l == name {
			return i
		}
	}
	return -1
}

// forTests are packages that only tests import. They may import anything of ours.
var forTests = map[string]bool{"internal": true, "internal/corpus": true, "internal/interop": true}

func isTool(name string) bool    { return strings.HasPrefix(name, "internal/") && !forTests[name] }
func isExample(name string) bool { return strings.HasPrefix(name, "examples/") }
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// within reports whether an import path is of a module.
func within(path, mod string) bool { return path == mod || strings.HasPrefix(path, mod+"/") }

// badImport says what is wrong with an import, "" if nothing is.
func badImport(from string, file *source, path string) string {
	if ours, ok := strings.CutPrefix(path, module); ok {
		to := strings.TrimPrefix(ours, "/")
		if to == "" {
			to = "."
		}
		return badOurs(from, file, to)
	}
	switch {
	case isStandard(path):
		return badStandard(from, file, path)
	case within(path, "github.com/getsops/sops/v3"), within(path, "github.com/sirupsen/logrus"):
		if from != "internal/interop" || !file.test {
			return "sops is the oracle of the tests in internal/interop and nothing else"
		}
		return ""
	case within(path, "gopkg.in/yaml.v3"):
		if from != "envfile" || file.test || !strings.HasPrefix(file.base(), "yaml") {
			return "yaml.v3 belongs to envfile/yaml*.go"
		}
		return ""
	case within(path, "github.com/rogpeppe/go-internal"):
		if from != "cmd/sealcfg" || !file.test {
			return "testscript is for the tests of the command"
		}
		return ""
	case within(path, "github.com/stretchr/testify"):
		if !file.test {
			return "testify is for tests"
		}
		return ""
	case within(path, "filippo.io/age"):
		if from != "keys" && from != "cmd/sealcfg" && !file.test {
			return "age belongs to keys, and to the command that makes identities"
		}
		return ""
	case within(path, "github.com/spf13/cobra"), within(path, "github.com/spf13/pflag"), within(path, "golang.org/x/term"):
		if from != "cmd/sealcfg" {
			return "terminals and command lines belong to cmd/sealcfg"
		}
		return ""
	}
	return "not a dependency that has been agreed on"
}

func badOurs(from string, file *source, to string) string {
	if forTests[to] && !file.test {
		return "that is for tests"
	}
	if forTests[from] || isExample(from) {
		return ""
	}
	if isExample(to) {
		return "examples are at the end"
	}
	if from == to { // an external test
		return ""
	}
	if isTool(from) {
		if !isTool(to) {
			return "a small tool imports nothing of the house"
		}
		return ""
	}
	if isTool(to) || rank(to) < rank(from) {
		return ""
	}
	return "a package imports what stands to its right, never what stands to its left"
}

func badStandard(from string, file *source, path string) string {
	switch {
	case file.test || rank(from) < 0 || rank(from) >= len(libraries):
		return ""
	case path == "log":
		return "a library does not log"
	case path == "os/exec" && file.name != "option.go":
		return "a library starts no process, but for what option.go hands to package keys"
	case path == "os/signal", path == "flag", path == "testing", path == "net/http":
		return "that is for programs"
	}
	return ""
}

func TestLayers(t *testing.T) {
	edges := 0
	for _, p := range packages(t) {
		from := p.name()
		assert.True(t, rank(from) >= 0 || isTool(from) || isExample(from) || forTests[from],
			"%s has no place in the picture: give it one in docs/layout.md and here", from)
		for _, file := range p.files {
			for _, path := range file.imports() {
				edges++
				if bad := badImport(from, &file, path); bad != "" {
					t.Errorf("%s imports %s: %s", file.name, path, bad)
				}
			}
		}
	}
	assert.Greater(t, edges, 300)
}

// The check itself: what it must refuse, and what it must allow.
func TestBadImport(t *testing.T) {
	for _, c := range []struct {
		from, file, path string
		bad              bool
	}{
		{"envfile", "envfile/seal.go", module + "/keys", false},
		{"keys", "keys/age.go", module + "/envfile", true},
		{"crypto", "crypto/mac.go", module, true},
		{"environments", "environments/x_test.go", module, true},
		{"environments", "environments/x_test.go", module + "/environments", false},
		{"cmd/sealcfg", "cmd/sealcfg/app.go", module + "/environments", false},
		{".", "load.go", module + "/cmd/sealcfg", true},
		{"internal/scratch", "internal/scratch/x.go", module + "/envfile", true},
		{"internal/editor", "internal/editor/x.go", module + "/internal/shellwords", false},
		{"keys", "keys/age.go", module + "/internal/corpus", true},
		{"envfile", "envfile/yamltree.go", "gopkg.in/yaml.v3", false},
		{"envfile", "envfile/node.go", "gopkg.in/yaml.v3", true},
		{"envfile", "envfile/yaml_test.go", "gopkg.in/yaml.v3", true},
		{"envfile", "envfile/x_test.go", "github.com/getsops/sops/v3/aes", true},
		{"internal/interop", "internal/interop/x_test.go", "github.com/getsops/sops/v3", false},
		{"internal/interop", "internal/interop/x.go", "github.com/getsops/sops/v3", true},
		{"keys", "keys/age.go", "github.com/stretchr/testify/assert", true},
		{"keys", "keys/age.go", "github.com/spf13/cobra", true},
		{"envfile", "envfile/node.go", "filippo.io/age", true},
		{"envfile", "envfile/node.go", "github.com/someone/else", true},
		{"envfile", "envfile/node.go", "log", true},
		{"envfile", "envfile/node.go", "log/slog", false},
		{"keys", "keys/age.go", "os/exec", true},
		{".", "option.go", "os/exec", false},
		{".", "load.go", "os/exec", true},
	} {
		file := parsed(t, c.file, "package x\n")
		got := badImport(c.from, file, c.path)
		assert.Equal(t, c.bad, got != "", fmt.Sprintf("%s → %s: %s", c.file, c.path, got))
	}
}

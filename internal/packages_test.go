// Package internal_test tests the module as a whole: the imports of each package,
// the rules for libraries, and the weight for a consumer.
package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/sealcfg/sealcfg"

// pkg is a package of the repository with its files, also the files of other systems.
type pkg struct {
	Dir        string
	ImportPath string

	GoFiles, IgnoredGoFiles   []string
	TestGoFiles, XTestGoFiles []string

	files []source
}

// name is the import path within the repository; "." is the root package.
func (p *pkg) name() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// source is one parsed file.
type source struct {
	name string // within the repository, with slashes
	test bool
	fset *token.FileSet
	ast  *ast.File
}

func (s *source) imports() []string {
	var paths []string
	for _, i := range s.ast.Imports {
		if path, err := strconv.Unquote(i.Path.Value); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// packages lists and parses the modules of the workspace.
func packages(t *testing.T) []*pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json", "work")
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s", stderr.String())
	var all []*pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(pkg)
		err := dec.Decode(p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		p.parse(t)
		all = append(all, p)
	}
	require.Greater(t, len(all), 8, "go list finds the modules")
	return all
}

func (p *pkg) parse(t *testing.T) {
	t.Helper()
	for _, list := range [][]string{p.GoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles} {
		for _, file := range list {
			fset := token.NewFileSet()
			parsed, err := parser.ParseFile(fset, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			name := file
			if p.name() != "." {
				name = p.name() + "/" + file
			}
			p.files = append(p.files, source{name, strings.HasSuffix(file, "_test.go"), fset, parsed})
		}
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	require.NoError(t, err)
	return dir
}

// parsed returns a source with the given content, to test the checks.
func parsed(t *testing.T, name, text string) *source {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	require.NoError(t, err)
	return &source{name, strings.HasSuffix(name, "_test.go"), fset, file}
}

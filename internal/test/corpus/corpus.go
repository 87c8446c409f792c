// Package corpus answers one question: on which real files are the tests tried?
//
// They are the YAML files of a pinned list of Go modules, read where the go
// command keeps them: the module cache. Fetch the modules with .ci/corpus.sh.
package corpus

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode"
)

//go:embed modules.txt
var pinned string

// ErrAbsent reports that a module of the list is not in the module cache.
var ErrAbsent = errors.New("module is not in the module cache (fetch it with .ci/corpus.sh)")

// A File is one YAML file of a module.
type File struct {
	Module string // path@version
	Name   string // path within the module, with slashes
	Path   string // where it is on this machine
}

// String names the file without any place on this machine.
func (f File) String() string { return f.Module + "/" + f.Name }

// Modules returns the pinned list, each as path@version.
func Modules() []string {
	var list []string
	for line := range strings.Lines(pinned) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list
}

// Files lists the .yaml and .yml files of all modules, in a fixed order. It
// fails with [ErrAbsent] if a module has not been fetched.
func Files() ([]File, error) {
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("ask go for its module cache: %w", err)
	}
	cache := strings.TrimSpace(string(out))
	var files []File
	for _, m := range Modules() {
		more, err := moduleFiles(cache, m)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

func moduleFiles(cache, module string) ([]File, error) {
	root := filepath.Join(cache, filepath.FromSlash(escape(module)))
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", module, ErrAbsent)
	}
	var files []File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" {
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files = append(files, File{Module: module, Name: filepath.ToSlash(name), Path: path})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list files of %s: %w", module, err)
	}
	return files, nil
}

// escape spells a module as a directory of the cache: an upper-case letter becomes
// "!" and the letter in lower case, for file systems that fold case.
func escape(module string) string {
	var b strings.Builder
	for _, r := range module {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

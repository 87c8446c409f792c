package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

const (
	maxSecretBytes = 1 << 20 // Kubernetes and Docker do not allow larger secrets
	maxSecretDepth = 8       // of directories; a link can lead to a parent
)

// A secretsDir is a directory with one file for each setting, as Docker and Kubernetes
// mount secrets.
type secretsDir struct{ dir string }

func (s *secretsDir) Name() string { return s.dir }

func (s *secretsDir) secretDir() string { return s.dir }

// Read reads the files of the directory. It follows links only within the directory, so
// that a person who can create files there cannot choose other files of the machine.
func (s *secretsDir) Read(ctx context.Context, r *Reading) error {
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return s.failed(".", err)
	}
	defer func() { _ = root.Close() }()
	return s.read(ctx, root.FS(), ".", maxSecretDepth, r)
}

func (s *secretsDir) read(ctx context.Context, fsys fs.FS, dir string, depth int, r *Reading) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return s.unreadable(dir, err, r)
	}
	for _, e := range entries {
		// Kubernetes keeps the files in directories such as ..data and links to them.
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := path.Join(dir, e.Name())
		info, err := fs.Stat(fsys, name) // through links
		switch {
		case err != nil:
			err = s.unreadable(name, err, r)
		case info.IsDir() && depth > 0:
			err = s.read(ctx, fsys, name, depth-1, r)
		case info.Mode().IsRegular():
			err = s.file(fsys, name, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unreadable returns the error for a file or directory that cannot be read, if a setting or
// a group of settings has its name. Other files are not needed.
func (s *secretsDir) unreadable(name string, err error, r *Reading) error {
	if name != "." {
		if known, twins := r.known(secretVariable(name)); !known {
			return twins
		}
	}
	return s.failed(name, err)
}

// file reads one file if a setting has its name. The directory may contain files for other
// programs, so file warns of an unknown name only if the name is similar to a setting.
func (s *secretsDir) file(fsys fs.FS, name string, r *Reading) error {
	at := Origin{File: s.shown(name)}
	variable := secretVariable(name)
	if ok, err := r.known(variable); !ok {
		if guess, near := closest.Of(variable, r.plan.Variables()); near {
			r.warn((&tree.Flaw{Kind: tree.KindUnknown, Reason: "unknown secret", Hint: "did you mean " + strings.ToLower(guess) + "?"}).Problem("", at))
		}
		return err
	}
	f, err := fsys.Open(name)
	if err != nil {
		return s.failed(name, err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	switch {
	case err != nil:
		return s.failed(name, err)
	case len(text) > maxSecretBytes:
		return fmt.Errorf("%s: larger than %d bytes", s.shown(name), maxSecretBytes)
	}
	_, err = r.SetVariable(variable, withoutNewline(string(text)), at)
	return err
}

// secretVariable returns the name of the variable that corresponds to a file: DB__PASSWORD
// for db/password, db.password and db__password.
func secretVariable(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '.' })
	for i := range parts {
		parts[i] = plan.VariableName(parts[i])
	}
	return strings.Join(parts, tree.LevelSeparator)
}

// withoutNewline removes one line ending from the end, because echo and most editors add
// one.
func withoutNewline(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

func (s *secretsDir) shown(name string) string {
	return filepath.Join(s.dir, filepath.FromSlash(name))
}

func (s *secretsDir) failed(name string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err // the path is in the message already
	}
	return fmt.Errorf("%s: read: %w", s.shown(name), err)
}

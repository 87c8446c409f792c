package sealcfg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/regular"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A fileSource reads one file of an environment.
type fileSource struct {
	fsys    fs.FS
	layer   environments.Layer
	shown   string // its path in messages
	keyring *keyring
	plain   bool // whether it may be plaintext
	bound   bool // whether it must have a binding

	// These fields are set when the file is read.
	has       hasBinding
	overrides []string // paths of settings that weaker sources set, too
}

// hasBinding is the kind of a file that was read: plaintext, or encrypted without or with a
// binding.
type hasBinding int

const (
	isPlain hasBinding = iota
	isUnbound
	isBound
)

func (s *fileSource) Name() string { return s.layer.Name }

// Read decrypts the file and adds its settings to r. It verifies the MAC before it uses any
// value.
func (s *fileSource) Read(ctx context.Context, r *Reading) error {
	root, format, err := s.open(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", s.shown, err)
	}
	r.warnings = append(r.warnings, s.keyring.warnings(s.shown)...)
	var n *tree.Node
	if format == envfile.Dotenv {
		r.warnOfReturns(root, s.shown)
	}
	if format == envfile.Dotenv || format == envfile.INI {
		if n, err = r.flatTree(root, s.shown); err != nil {
			return fmt.Errorf("%s: %w", s.shown, err)
		}
	} else {
		if format == envfile.JSON {
			r.warnShadowed(root, s.shown)
		}
		n = new(tree.Node)
		tree.FromFile(n, root, s.shown)
	}
	n.Origin = Origin{File: s.shown}
	r.add(n)
	return nil
}

// maxSettingsFile is the maximum size of a file, in bytes.
const maxSettingsFile = 256 << 20

func (s *fileSource) open(ctx context.Context) (*envfile.Node, envfile.Format, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	src, err := regular.ReadIn(s.fsys, s.layer.Path, maxSettingsFile)
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err // the path is in the message already
		}
		return nil, nil, fmt.Errorf("read: %w", err)
	}
	format := envfile.FormatFor(s.layer.Path, src)
	if format == envfile.Binary {
		return nil, nil, errors.New("a file that is encrypted as one value has no settings")
	}
	if s.plain && !bytes.Contains(src, []byte("sops")) { // a file without this word has no metadata
		root, err := plainRoot(format, src)
		return root, format, err
	}
	sealed, err := envfile.ParseSealed(format, src)
	if s.plain && errors.Is(err, envfile.ErrNotSealed) {
		root, err := plainRoot(format, src)
		return root, format, err
	}
	if err != nil {
		return nil, nil, err
	}
	if err := oneDocument(sealed.Roots()); err != nil {
		return nil, nil, err
	}
	ids, err := s.keyring.identities(ctx)
	if err != nil {
		return nil, nil, err
	}
	expect := envfile.Expectation{Location: s.layer.Location(), Fits: s.layer.Fits, Bound: s.bound}
	opened, err := sealed.Expect(expect).Open(ctx, ids...)
	if err != nil {
		return nil, nil, s.acceptUnbound(sealed, s.keyring.explain(sealed, err))
	}
	s.has = isUnbound
	if opened.Bound() {
		s.has = isBound
	}
	return opened.Roots()[0], format, nil
}

// acceptUnbound adds the command that accepts the file to the error for a missing binding.
func (s *fileSource) acceptUnbound(sealed *envfile.Sealed, err error) error {
	if !s.bound || sealed.Metadata().HasBinding() || !errors.Is(err, envfile.ErrIntegrity) {
		return err
	}
	return fmt.Errorf("%w; review the change, then run: sealcfg rekey --accept-unbound %s", err, s.argument())
}

// argument returns the argument that names the file on the command line.
func (s *fileSource) argument() string {
	if path.Base(path.Dir(s.layer.Path)) == environments.Folder {
		return s.layer.Name
	}
	return s.shown
}

// projectWarnings returns the warnings about the project: about its sealcfg.yaml and
// .sops.yaml, and about files without a binding.
func projectWarnings(sources []Source) []*Problem {
	for _, source := range sources {
		if s, ok := source.(*fileSource); ok {
			warnings := linesWithoutEffect(s.keyring.config.Unknown())
			if policy := s.keyring.read; policy != nil {
				warnings = append(warnings, linesWithoutEffect(policy.Warnings(nil))...)
			}
			return append(warnings, unboundLayers(sources)...)
		}
	}
	return nil
}

// linesWithoutEffect returns a warning for each of the lines of a sealcfg.yaml or
// .sops.yaml that have no effect.
func linesWithoutEffect(lines []*environments.PolicyError) []*Problem {
	var warnings []*Problem
	for _, e := range lines {
		warnings = append(warnings, &Problem{Kind: KindProject, Origin: Origin{File: e.Path, Line: e.Line, Column: e.Column}, Reason: e.Reason})
	}
	return warnings
}

// unboundLayers returns a warning for each layer without a binding, if another layer
// has one.
func unboundLayers(sources []Source) []*Problem {
	var bound string
	var unbound []*fileSource
	for _, source := range sources {
		switch s, ok := source.(*fileSource); {
		case !ok:
		case s.has == isBound && bound == "":
			bound = s.shown
		case s.has == isUnbound:
			unbound = append(unbound, s)
		}
	}
	if bound == "" {
		return nil
	}
	var warnings []*Problem
	for _, s := range unbound {
		warnings = append(warnings, &Problem{
			Kind: KindProject, Origin: Origin{File: s.shown},
			Reason: "no binding, but " + bound + " has one: sops wrote the file last, or someone removed the binding",
			Hint:   "review the change, then run: sealcfg rekey " + s.argument(),
		})
	}
	return warnings
}

// plainRoot returns the values of a plaintext file. It rejects a file that contains
// encrypted values.
func plainRoot(format envfile.Format, src []byte) (*envfile.Node, error) {
	roots, err := envfile.Values(format, src)
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		if err := noneEncrypted(root); err != nil {
			return nil, err
		}
	}
	return roots[0], oneDocument(roots)
}

// isEncrypted reports whether text is an encrypted value, complete or damaged. Decrypted
// values never begin like one.
func isEncrypted(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, " \t\"'"), "ENC[AES256_GCM,")
}

// noneEncrypted returns an error if a plaintext file contains an encrypted value. In that
// case, a merge or an edit has removed the metadata of the file.
func noneEncrypted(root *envfile.Node) error {
	for path, n := range root.Leaves() {
		if isEncrypted(n.Text) {
			return fmt.Errorf("line %d, column %d: %s: an encrypted value, but the file has no metadata; restore the file from a version with its metadata (git log -p shows them), or replace the value by its plaintext", n.Line, n.Column, path)
		}
	}
	return nil
}

func oneDocument(roots []*envfile.Node) error {
	if n := len(roots); n != 1 {
		return fmt.Errorf("expected one document, got %d", n)
	}
	return nil
}

package envfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/keys"
)

// A Sealed is an encrypted file that may be committed: it has metadata, and every value that its
// rules select is encrypted. It is immutable and safe for concurrent use. It is not authenticated
// before [Sealed.Open].
type Sealed struct {
	format Format
	p      *layout.Parsed
	meta   *Metadata
	expect Expectation
}

// ParseSealed parses an encrypted file. It fails with [ErrNotSealed] for a plaintext file, and with
// a [*SyntaxError] for a malformed one. The result keeps src: the caller must not change it.
func ParseSealed(f Format, src []byte) (*Sealed, error) {
	p, err := f.Parse(src)
	if err != nil {
		return nil, orConflict(src, err)
	}
	if err := layout.BoundPaths(p.Roots); err != nil {
		return nil, err
	}
	return sealedFrom(f, p)
}

func sealedFrom(f Format, p *layout.Parsed) (*Sealed, error) {
	// sops reads the metadata of the first document only.
	if p.Blocks[0] == nil {
		return nil, ErrNotSealed
	}
	meta, err := parseMetadata(p.Blocks[0].Tree)
	if err != nil {
		return nil, err
	}
	return &Sealed{format: f, p: p, meta: meta}, nil
}

// Bytes returns the file's bytes. The caller must not change them.
func (s *Sealed) Bytes() []byte { return s.p.Src }

// Roots returns the root map of each document, with encrypted values as ENC[…].
func (s *Sealed) Roots() []*tree.Node { return s.p.Roots }

// Metadata returns the metadata of the file. The caller must not change it.
func (s *Sealed) Metadata() *Metadata { return s.meta }

// Format returns the format of the file.
func (s *Sealed) Format() Format { return s.format }

// Open recovers the data key with one of the identities, decrypts every value and verifies the MAC
// and the binding before it returns.
//
// It fails with a [*keys.NoIdentityError] if no identity can unwrap the data key, and with an error
// that wraps [ErrIntegrity] if the file fails authentication.
func (s *Sealed) Open(ctx context.Context, ids ...keys.Identity) (*Opened, error) {
	if err := s.whole(); err != nil {
		return nil, err // fail before any identity or key service is used
	}
	key, err := s.dataKey(ctx, ids)
	if err != nil {
		return nil, err
	}
	return s.openWith(key)
}

// OpenWith is [Sealed.Open] with a data key that an earlier Open recovered: see [Opened.DataKey].
func (s *Sealed) OpenWith(key crypto.DataKey) (*Opened, error) { return s.openWith(key) }

// Unwraps returns an error if no identity recovers the data key. It decrypts no values.
func (s *Sealed) Unwraps(ctx context.Context, ids ...keys.Identity) error {
	_, err := s.dataKey(ctx, ids)
	return err
}

// whole returns an error if the metadata lacks a field that verification requires, as in a
// truncated file.
func (s *Sealed) whole() error {
	if s.meta.mac == "" {
		return fmt.Errorf("%w: the file has no mac%w", ErrIntegrity, silent{ErrMAC})
	}
	if s.meta.LastModified == "" {
		return fmt.Errorf("%w: the file has no lastmodified", ErrIntegrity)
	}
	return nil
}

// openWith verifies and decrypts a file. Every other function that opens a file calls it.
func (s *Sealed) openWith(key crypto.DataKey) (*Opened, error) {
	if err := s.whole(); err != nil {
		return nil, err
	}
	o, err := s.verified(key)
	if errors.Is(err, ErrIntegrity) {
		if other := s.severalFiles(); other != nil {
			return nil, other
		}
	}
	return o, err
}

// severalFiles returns an error for a document whose metadata differs from the first document's, as
// in a file that was joined from several files.
func (s *Sealed) severalFiles() error {
	for i, b := range s.p.Blocks[1:] {
		root, what := s.p.Roots[i+1], ""
		switch {
		case b == nil && root.Len() > 0:
			what = "no metadata"
		case b != nil && (b.Tree.Get("mac") == nil || b.Tree.Get("mac").Text != s.meta.mac):
			what = "the metadata of another file"
		default:
			continue
		}
		return fmt.Errorf("%w: line %d: document %d has %s%w", ErrIntegrity, root.Line, i+2, what, silent{ErrSeveralFiles})
	}
	return nil
}

// verified decrypts the file and returns it only if it authenticates as a whole.
func (s *Sealed) verified(key crypto.DataKey) (*Opened, error) {
	o, mac, comments, err := s.openValues(key, false)
	if err != nil {
		return nil, err
	}
	if err := mac.Verify(o.cipher, s.meta.mac, s.meta.LastModified); err != nil {
		if len(o.nonCanonical) > 0 {
			err = fmt.Errorf("%w; line %d: %s is not in the canonical form of its type; the type may have been altered", err, o.nonCanonical[0].Line, o.nonCanonical[0].Path)
		}
		return nil, fmt.Errorf("%w: %w%w", ErrIntegrity, err, silent{ErrMAC})
	}
	if err := o.openComments(comments); err != nil {
		return nil, err
	}
	o.fillRoots()
	if err := o.checkBinding(); err != nil {
		return nil, err
	}
	return o, nil
}

// openValues decrypts the values, which authenticate one by one. With unverified, it also decrypts
// Values that authenticate but that the rules leave unencrypted.
func (s *Sealed) openValues(key crypto.DataKey, unverified bool) (*Opened, *crypto.MAC, []commentAt, error) {
	rules, err := s.meta.Rules.compile()
	if err != nil {
		return nil, nil, nil, err
	}
	o := &Opened{
		sealed: s, key: key, cipher: crypto.NewValueCipher(key), rules: rules,
		plain: make(map[*tree.Node]*tree.Node, bytes.Count(s.p.Src, []byte(layout.SealedPrefix))),
	}
	mac := crypto.NewMAC(rules.macOnly)
	var comments []commentAt
	err = rules.walk(s.p.Roots, func(v visit) error {
		switch {
		case v.node.Kind == tree.Comment:
			if why := s.format.MisreadComment(v.node.Text); why != "" && !crypto.IsSealed(v.node.Text) {
				return fmt.Errorf("%w: line %d: %s", ErrIntegrity, v.node.Line, why)
			}
			if v.sealed || crypto.IsSealed(v.node.Text) {
				comments = append(comments, commentAt{v.node, v.aad(), v.sealed})
			}
			return nil
		case !v.sealed && s.p.Unsure(v.node) != "":
			return fmt.Errorf("%w: line %d: %s: %s", ErrIntegrity, v.node.Line, v.path, s.p.Unsure(v.node))
		case !v.sealed && unverified && o.openStray(v):
			return nil
		case !v.sealed:
			if !rules.macOnly {
				mac.Add(v.node.Text)
			}
			return nil
		}
		text, isValue, err := o.openValue(v)
		if isValue {
			mac.Add(text)
		}
		return err
	})
	return o, mac, comments, err
}

func (o *Opened) fillRoots() {
	for _, root := range o.sealed.p.Roots {
		o.roots = append(o.roots, o.copyPlain(root))
	}
}

func (o *Opened) copyOf(n *tree.Node) *tree.Node {
	c := o.nodes.Make()
	*c = *n
	return c
}

// openValue decrypts one value. isValue is false for a list item of type comment, which old sops
// versions wrote for a comment.
func (o *Opened) openValue(v visit) (text string, isValue bool, err error) {
	n := v.node
	if n.Type == crypto.Str && n.Text == "" {
		return "", true, nil
	}
	enc := o.sealed.p.Ciphertext(n)
	var typ crypto.Type
	canonical := false
	err = crypto.ErrMalformed
	if n.Type == crypto.Str {
		typ, text, canonical, err = o.cipher.OpenCanonical(enc, v.aad())
	}
	if err != nil {
		if errors.Is(err, crypto.ErrMalformed) && (n.Type != crypto.Str || !strings.HasPrefix(enc, layout.SealedPrefix)) {
			return "", false, fmt.Errorf("%w: line %d: %s is unencrypted, but the file's rules (%s) encrypt it%w",
				ErrIntegrity, n.Line, v.path, o.sealed.meta.Rules, silent{ErrUnencrypted})
		}
		return "", false, fmt.Errorf("%w: line %d: %s: %w", ErrIntegrity, n.Line, v.path, err)
	}
	if typ == crypto.Comment && n.Key != "" {
		return "", false, fmt.Errorf("%w: line %d: %s: expected a value, got an encrypted comment", ErrIntegrity, n.Line, v.path)
	}
	plain := o.copyOf(n)
	plain.Type, plain.Text, plain.Sealed, plain.Ciphertext = typ, text, true, enc
	if plain.NonCanonical = !canonical; plain.NonCanonical {
		o.nonCanonical = append(o.nonCanonical, Position{n.Line, v.path.String()})
	}
	if typ == crypto.Comment {
		plain.Kind = tree.Comment
	}
	if err := o.sealed.p.Reveal(plain); err != nil {
		return "", false, fmt.Errorf("%w: line %d: %s: %w", ErrIntegrity, n.Line, v.path, err)
	}
	o.plain[n] = plain
	return text, typ != crypto.Comment, nil
}

type commentAt struct {
	node   *tree.Node
	aad    string
	sealed bool // the rules encrypt comments here
}

// maxTries bounds the search for the original container of moved comments. This many tries take a
// second. The MAC covers neither comments nor empty maps, so anyone with write access can add
// thousands of both.
const maxTries = 1 << 20

// openComments decrypts comments. The format binds a comment to the map or list to which sops's
// parser attached it when sops wrote the file. The parser may now attach it to another one, so
// openComments tries every map and list of the file. An unencrypted comment is valid, because
// comments are not authenticated.
//
// A comment that was encrypted in a list may now belong to the map after the list, in which the
// rules encrypt no comments. It is decrypted as well.
func (o *Opened) openComments(comments []commentAt) error {
	var aads []string // only filled for a comment that moved
	tries := 0
	for _, c := range comments {
		if !crypto.IsSealed(c.node.Text) {
			if c.node.Text == emptyComment && o.sealed.p.ListComment(c.node) {
				plain := o.copyOf(c.node)
				plain.Text, plain.Sealed = "", true
				o.plain[c.node] = plain
			} else if c.sealed && c.node.Text != "" {
				o.clear = append(o.clear, c.node.Line)
			}
			continue
		}
		typ, text, err := o.cipher.Open(c.node.Text, c.aad)
		here := err == nil
		if here && c.sealed {
			o.inPlace++
		}
		if errors.Is(err, crypto.ErrTampered) {
			if aads == nil {
				aads = containers(o.sealed.p.Roots)
			}
			for _, aad := range aads {
				if tries++; tries > maxTries {
					break
				}
				if typ, text, err = o.cipher.Open(c.node.Text, aad); err == nil {
					break
				}
			}
		}
		if err == nil && typ != crypto.Comment {
			err = fmt.Errorf("%w: not of type comment", crypto.ErrTampered)
		}
		if err != nil && !c.sealed {
			continue // it looks encrypted, but the rules do not encrypt it
		}
		if err != nil {
			return fmt.Errorf("%w: comment on line %d: %w", ErrIntegrity, c.node.Line, err)
		}
		if !here || !c.sealed {
			o.strayed++
		}
		plain := o.copyOf(c.node)
		plain.Text, plain.Sealed, plain.Ciphertext = text, true, c.node.Text
		o.plain[c.node] = plain
	}
	return nil
}

// containers returns the additional data of every map and list.
func containers(roots []*tree.Node) []string {
	seen := map[string]bool{}
	var all []string
	var visit func(n *tree.Node, path []string)
	visit = func(n *tree.Node, path []string) {
		if aad := crypto.AAD(path); !seen[aad] {
			seen[aad] = true
			all = append(all, aad)
		}
		for e := range n.Entries() {
			if e.Kind == tree.Map || e.Kind == tree.List {
				next := path
				if n.Kind == tree.Map {
					next = append(path[:len(path):len(path)], e.Key)
				}
				visit(e, next)
			}
		}
	}
	for _, r := range roots {
		visit(r, nil)
	}
	return all
}

// An Opened is a decrypted file whose MAC has been verified. It holds the data key and the
// plaintext values.
type Opened struct {
	sealed       *Sealed
	key          crypto.DataKey
	cipher       *crypto.ValueCipher
	rules        *matcher
	plain        map[*tree.Node]*tree.Node // by the node of the encrypted file
	nodes        nodeMaker
	roots        []*tree.Node
	clear        []int // Lines of unencrypted comments that the rules encrypt
	nonCanonical []Position
	strays       []Position // Values that are encrypted against the rules; only in an Unverified
	bound        *binding

	inPlace, strayed int // comments in their original container, and in another one
}

// A Position is the line and field path of a value.
type Position struct {
	Line int
	Path string
}

// NonCanonical returns the values that were encrypted in a non-canonical form, such as the float 1.50
// or the integer +7. Neither sops nor sealcfg writes such a form. The values are valid; the next
// change of the file encrypts them again.
func (o *Opened) NonCanonical() []Position { return o.nonCanonical }

// ClearComments returns the lines of unencrypted comments that the rules encrypt. Old versions of
// sops wrote such comments. Anyone with write access can also add one, and no other check detects
// it.
func (o *Opened) ClearComments() []int { return o.clear }

// Roots returns the root map of each document with decrypted values, at the positions of the
// encrypted file.
func (o *Opened) Roots() []*tree.Node { return o.roots }

// DataKey returns the data key of the file.
func (o *Opened) DataKey() crypto.DataKey { return o.key }

// Sealed returns the encrypted file.
func (o *Opened) Sealed() *Sealed { return o.sealed }

// String keeps values out of logs.
func (o *Opened) String() string { return "[opened file]" }

// Format keeps values out of logs, whatever the verb.
func (o *Opened) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(o.String())) }

func (o *Opened) copyPlain(n *tree.Node) *tree.Node {
	if p, ok := o.plain[n]; ok {
		return p
	}
	if len(n.Children) == 0 {
		return n
	}
	c := o.copyOf(n)
	c.Children = make([]*tree.Node, len(n.Children))
	for i, e := range n.Children {
		c.Children[i] = o.copyPlain(e)
	}
	return c
}

// Repeats returns the names that occur more than once.
func (s *Sealed) Repeats() []tree.Repeat { return s.p.Repeats }

// A nodeMaker allocates nodes in blocks, which is faster than one by one.
type nodeMaker struct{ spare []tree.Node }

func (m *nodeMaker) Make() *tree.Node {
	if len(m.spare) == 0 {
		m.spare = make([]tree.Node, 32)
	}
	n := &m.spare[0]
	m.spare = m.spare[1:]
	return n
}

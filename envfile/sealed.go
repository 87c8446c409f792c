package envfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/keys"
)

// A Sealed is a file as it may be committed: it has a metadata block, and every
// value that its rules name is encrypted. It is immutable and safe for
// concurrent use. Nothing in it is authenticated before [Sealed.Open].
type Sealed struct {
	format Format
	p      *parsed
	meta   *Metadata
	expect Expectation
}

// ParseSealed reads a sealed file. It fails with [ErrNotSealed] for a plain
// text, and with a [*SyntaxError] for a broken one. The result keeps src: nobody
// may change it any more.
func ParseSealed(f Format, src []byte) (*Sealed, error) {
	p, err := f.parse(src)
	if err != nil {
		return nil, orConflict(src, err)
	}
	if err := boundPaths(p.roots); err != nil {
		return nil, err
	}
	return sealedFrom(f, p)
}

func sealedFrom(f Format, p *parsed) (*Sealed, error) {
	// sops reads the metadata of the first document only.
	if p.blocks[0] == nil {
		return nil, ErrNotSealed
	}
	meta, err := parseMetadata(p.blocks[0].tree)
	if err != nil {
		return nil, err
	}
	return &Sealed{format: f, p: p, meta: meta}, nil
}

// Bytes returns the text of the file. The caller must not change it.
func (s *Sealed) Bytes() []byte { return s.p.src }

// Roots returns the root map of each document, with sealed values as ENC[…].
func (s *Sealed) Roots() []*Node { return s.p.roots }

// Metadata returns what the file says of itself. The caller must not change it.
func (s *Sealed) Metadata() *Metadata { return s.meta }

// Format returns the format that the file was parsed with.
func (s *Sealed) Format() Format { return s.format }

// Open recovers the data key with one of the identities, decrypts every value
// and verifies the MAC before it returns anything.
//
// It fails with a [*keys.NoIdentityError] if no identity fits, and with an error
// that wraps [ErrIntegrity] if the file does not authenticate.
func (s *Sealed) Open(ctx context.Context, ids ...keys.Identity) (*Opened, error) {
	if err := s.whole(); err != nil {
		return nil, err // nobody need be asked for a key
	}
	key, err := s.dataKey(ctx, ids)
	if err != nil {
		return nil, err
	}
	return s.openWith(key)
}

// OpenWith is [Sealed.Open] for a data key that an earlier Open has recovered:
// see [Opened.DataKey].
func (s *Sealed) OpenWith(key crypto.DataKey) (*Opened, error) { return s.openWith(key) }

// Unwraps reports whether one of the identities recovers the data key, without
// decrypting any value.
func (s *Sealed) Unwraps(ctx context.Context, ids ...keys.Identity) error {
	_, err := s.dataKey(ctx, ids)
	return err
}

// whole says that the metadata has what it takes to judge the file: one that was
// cut off has not.
func (s *Sealed) whole() error {
	if s.meta.mac == "" {
		return fmt.Errorf("%w: the file has no mac%w", ErrIntegrity, silent{ErrMAC})
	}
	if s.meta.LastModified == "" {
		return fmt.Errorf("%w: the file has no lastmodified", ErrIntegrity)
	}
	return nil
}

// openWith is the one place where a file is judged.
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

// severalFiles returns an error for a document that has not the metadata of the first one,
// as it is when several files are joined.
func (s *Sealed) severalFiles() error {
	for i, b := range s.p.blocks[1:] {
		root, what := s.p.roots[i+1], ""
		switch {
		case b == nil && root.Len() > 0:
			what = "no metadata"
		case b != nil && (b.tree.Get("mac") == nil || b.tree.Get("mac").Text != s.meta.mac):
			what = "the metadata of another file"
		default:
			continue
		}
		return fmt.Errorf("%w: line %d: document %d has %s%w", ErrIntegrity, root.Line, i+2, what, silent{ErrSeveralFiles})
	}
	return nil
}

// verified decrypts the file, and returns it only if all of it authenticates.
func (s *Sealed) verified(key crypto.DataKey) (*Opened, error) {
	o, mac, comments, err := s.openValues(key, false)
	if err != nil {
		return nil, err
	}
	if err := mac.Verify(o.cipher, s.meta.mac, s.meta.LastModified); err != nil {
		if len(o.nonCanonical) > 0 {
			err = fmt.Errorf("%w; line %d: %s is not spelt as values of its type are, which may not be its own", err, o.nonCanonical[0].Line, o.nonCanonical[0].Path)
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

// openValues decrypts the values, which authenticate one by one. With unverified,
// it also decrypts values that authenticate where the rules leave them unencrypted.
func (s *Sealed) openValues(key crypto.DataKey, unverified bool) (*Opened, *crypto.MAC, []commentAt, error) {
	rules, err := s.meta.Rules.compile()
	if err != nil {
		return nil, nil, nil, err
	}
	o := &Opened{
		sealed: s, key: key, cipher: crypto.NewValueCipher(key), rules: rules,
		plain: make(map[*Node]*Node, bytes.Count(s.p.src, []byte(sealedPrefix))),
	}
	mac := crypto.NewMAC(rules.macOnly)
	var comments []commentAt
	err = rules.walk(s.p.roots, func(v visit) error {
		switch {
		case v.node.Kind == Comment:
			if why := misreadComment(s.format, v.node.Text); why != "" && !crypto.IsSealed(v.node.Text) {
				return fmt.Errorf("%w: line %d: %s", ErrIntegrity, v.node.Line, why)
			}
			if v.sealed || crypto.IsSealed(v.node.Text) {
				comments = append(comments, commentAt{v.node, v.aad(), v.sealed})
			}
			return nil
		case !v.sealed && v.node.span.open:
			return fmt.Errorf("%w: line %d: %s: %s", ErrIntegrity, v.node.Line, pathName(v.keys), errOpenBlock)
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
	for _, root := range o.sealed.p.roots {
		o.roots = append(o.roots, o.copyPlain(root))
	}
}

func (o *Opened) copyOf(n *Node) *Node {
	c := o.nodes.make()
	*c = *n
	return c
}

// openValue decrypts one value. isValue is false for what older sops versions
// make of a comment in a list: an item of type comment.
func (o *Opened) openValue(v visit) (text string, isValue bool, err error) {
	n := v.node
	if n.Type == crypto.Str && n.Text == "" {
		return "", true, nil
	}
	enc := n.Text
	if n.span.header >= 0 {
		enc = strings.TrimRight(enc, "\n") // a block scalar brings its line feeds
	}
	var typ crypto.Type
	canonical := false
	err = crypto.ErrMalformed
	if n.Type == crypto.Str {
		typ, text, canonical, err = o.cipher.OpenSpelt(enc, v.aad())
	}
	if err != nil {
		if errors.Is(err, crypto.ErrMalformed) && (n.Type != crypto.Str || !strings.HasPrefix(enc, sealedPrefix)) {
			return "", false, fmt.Errorf("%w: line %d: %s stands in clear, but the file's rules (%s) seal it%w",
				ErrIntegrity, n.Line, pathName(v.keys), o.sealed.meta.Rules, silent{ErrUnencrypted})
		}
		return "", false, fmt.Errorf("%w: line %d: %s: %w", ErrIntegrity, n.Line, pathName(v.keys), err)
	}
	if typ == crypto.Comment && n.Key != "" {
		return "", false, fmt.Errorf("%w: line %d: %s: a sealed comment stands where a value belongs", ErrIntegrity, n.Line, pathName(v.keys))
	}
	plain := o.copyOf(n)
	plain.Type, plain.Text, plain.Sealed, plain.enc = typ, text, true, enc
	if plain.nonCanonical = !canonical; plain.nonCanonical {
		o.nonCanonical = append(o.nonCanonical, Position{n.Line, pathName(v.keys)})
	}
	if typ == crypto.Comment {
		plain.Kind = Comment
	}
	if l, ok := o.sealed.p.layout.(revealer); ok {
		if err := l.reveal(plain); err != nil {
			return "", false, fmt.Errorf("%w: line %d: %s: %w", ErrIntegrity, n.Line, pathName(v.keys), err)
		}
	}
	o.plain[n] = plain
	return text, typ != crypto.Comment, nil
}

func pathName(keyNames []string) string {
	p := make(Path, len(keyNames))
	for i, k := range keyNames {
		p[i].Key = k
	}
	return p.String()
}

type commentAt struct {
	node   *Node
	aad    string
	sealed bool // what the rules say of its place
}

// maxTries bounds the search for where comments belong that have moved. It takes a
// second. The MAC sees neither comments nor empty maps: anybody can add thousands of both.
const maxTries = 1 << 20

// openComments decrypts comments. The format binds a comment to the map or list
// to which sops's parser attached it when it wrote the file, which need not be
// the one it attaches it to now: so each place in the file is tried. A comment
// that does not look sealed is legal, since comments are not authenticated.
//
// A comment that was sealed with the list before it may hang in the map behind
// it now, where the rules seal nothing; it is opened all the same.
func (o *Opened) openComments(comments []commentAt) error {
	var aads []string // only wanted for a comment that has moved
	tries := 0
	for _, c := range comments {
		if !crypto.IsSealed(c.node.Text) {
			if c.node.Text == emptyComment && c.node.span.list {
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
				aads = containers(o.sealed.p.roots)
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
			continue // a text that looks sealed, where the rules seal nothing
		}
		if err != nil {
			return fmt.Errorf("%w: comment on line %d: %w", ErrIntegrity, c.node.Line, err)
		}
		if !here || !c.sealed {
			o.strayed++
		}
		plain := o.copyOf(c.node)
		plain.Text, plain.Sealed, plain.enc = text, true, c.node.Text
		o.plain[c.node] = plain
	}
	return nil
}

// containers lists the additional data of every map and list.
func containers(roots []*Node) []string {
	seen := map[string]bool{}
	var all []string
	var visit func(n *Node, path []string)
	visit = func(n *Node, path []string) {
		if aad := crypto.AAD(path); !seen[aad] {
			seen[aad] = true
			all = append(all, aad)
		}
		for e := range n.Entries() {
			if e.Kind == Map || e.Kind == List {
				next := path
				if n.Kind == Map {
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

// An Opened is a sealed file whose values have been decrypted and whose MAC has
// been verified. It holds the data key, and values in plain text.
type Opened struct {
	sealed       *Sealed
	key          crypto.DataKey
	cipher       *crypto.ValueCipher
	rules        *matcher
	plain        map[*Node]*Node // by the node of the sealed file
	nodes        nodeMaker
	roots        []*Node
	clear        []int // lines of comments in clear that the rules seal
	nonCanonical []Position
	strays       []Position // values that are encrypted against the rules; only in an Unverified
	bound        *binding

	inPlace, strayed int // comments that hang where they were sealed, and elsewhere
}

// A Position is the line and path of a value.
type Position struct {
	Line int
	Path string // without positions in lists
}

// OddlySpelt returns the values that were sealed in a spelling that neither sops nor
// sealcfg writes: the float 1.50, the integer +7. Another program has sealed them. They
// mean what they say; a change of the file seals them anew.
func (o *Opened) OddlySpelt() []Position { return o.nonCanonical }

// ClearComments returns the lines of comments that stand in clear although the
// rules seal them. Old versions of sops wrote such comments. So can whoever is
// able to write the file, and nothing else tells.
func (o *Opened) ClearComments() []int { return o.clear }

// Roots returns the root map of each document with plain values, which keep the
// positions that they have in the sealed file.
func (o *Opened) Roots() []*Node { return o.roots }

// DataKey returns the data key of the file.
func (o *Opened) DataKey() crypto.DataKey { return o.key }

// Sealed returns the file that was opened.
func (o *Opened) Sealed() *Sealed { return o.sealed }

// String keeps values out of logs.
func (o *Opened) String() string { return "[opened file]" }

// Format keeps values out of logs, whatever the verb.
func (o *Opened) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(o.String())) }

func (o *Opened) copyPlain(n *Node) *Node {
	if p, ok := o.plain[n]; ok {
		return p
	}
	if len(n.entries) == 0 {
		return n
	}
	c := o.copyOf(n)
	c.entries = make([]*Node, len(n.entries))
	for i, e := range n.entries {
		c.entries[i] = o.copyPlain(e)
	}
	return c
}

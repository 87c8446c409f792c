package envfile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/keys"
)

// Recipients are the recipients of a data key: key groups, and the number of groups needed. Most
// files have one group; Threshold is then 0.
type Recipients struct {
	Groups    [][]keys.Recipient
	Threshold int
}

// ErrNoRecipients is returned when a file would have no recipients.
var ErrNoRecipients = errors.New("no recipients")

// emptyComment replaces an empty comment of a list in an encrypted file. An empty comment is not
// encrypted, and sops would make an empty list item of a bare "#".
const emptyComment = " "

// Seal encrypts the values that the rules select under a new data key and wraps the key for the
// recipients. It then decrypts the result and compares it with the document.
//
// The binding covers names, structure, recipients, rules and the location of
// [Document.WithLocation]: see [BindingError].
//
// Seal fails with [ErrSelector], with [ErrNoRecipients], or with a [*SyntaxError] for a value that
// cannot be encrypted at its position.
func Seal(ctx context.Context, d *Document, r Rules, to Recipients) (*Sealed, *Opened, error) {
	key := crypto.NewDataKey()
	groups, err := wrap(ctx, key, to, nil)
	if err != nil {
		return nil, nil, err
	}
	meta := &Metadata{Groups: groups, Threshold: to.Threshold, Rules: r.For(d.format), Version: FormatVersion}
	return sealWith(d, key, meta, nil, BoundLocation(d.location))
}

// Reseal encrypts a changed document under the data key of the file. Unchanged values and comments
// keep their ciphertexts byte for byte. List items keep them by position, or, if they moved within
// the list, by value. Each ciphertext is used once: equal items never share a nonce.
func (o *Opened) Reseal(d *Document) (*Sealed, error) {
	s, _, err := sealWith(d, o.key, o.sealed.meta.forWriting(), o, o.locationToWrite())
	return s, err
}

// Rewrap wraps the same data key for other recipients. Existing recipients keep their stanzas, and
// Values do not change. A recipient that loses access can still decrypt every version with this
// data key: see [Opened.Rotate].
func (o *Opened) Rewrap(ctx context.Context, to Recipients) (*Sealed, error) {
	meta := o.sealed.meta.forWriting()
	var old []*keys.Stanza
	if len(meta.Groups) == 1 { // several groups hold shares of the data key
		old = meta.Stanzas()
	}
	groups, err := wrap(ctx, o.key, to, old)
	if err != nil {
		return nil, err
	}
	meta.Groups, meta.Threshold = groups, to.Threshold
	if !o.isSettled() {
		d, err := o.Document()
		if err != nil {
			return nil, err
		}
		s, _, err := sealWith(d, o.key, meta, o, o.locationToWrite())
		return s, err
	}
	meta.rebind(o)
	p := o.sealed.p
	var edits []layout.Edit
	for i, b := range p.Blocks {
		if b != nil {
			edits = append(edits, layout.Edit{Start: b.Text[0], End: b.Text[1], Text: p.RenderBlock(i, meta.tree(), b)})
		}
	}
	text, err := layout.Splice(p.Src, edits)
	if err != nil {
		return nil, fmt.Errorf("write metadata: %w", err)
	}
	s, _, err := checked(o.sealed.format, text, o.key, o.roots, nil)
	return s, err
}

// Rotate encrypts every value under a new data key, for the given rules and recipients.
func (o *Opened) Rotate(ctx context.Context, r Rules, to Recipients) (*Sealed, error) {
	key, meta, err := o.newDataKey(ctx, r, to)
	if err != nil {
		return nil, err
	}
	if s, ok, err := o.rotateInPlace(key, meta); ok || err != nil {
		return s, err
	}
	d, err := o.Document()
	if err != nil {
		return nil, err
	}
	return o.sealNew(d, key, meta)
}

// newDataKey returns a new data key for the file, and the metadata with the key for the recipients.
func (o *Opened) newDataKey(ctx context.Context, r Rules, to Recipients) (crypto.DataKey, *Metadata, error) {
	key := crypto.NewDataKey()
	groups, err := wrap(ctx, key, to, nil)
	if err != nil {
		return crypto.DataKey{}, nil, err
	}
	meta := o.sealed.meta.forWriting()
	meta.Groups, meta.Threshold, meta.Rules, meta.Version = groups, to.Threshold, r.For(o.sealed.format), FormatVersion
	return key, meta, nil
}

// sealNew encrypts a document in place of the file, with the result of newDataKey.
func (o *Opened) sealNew(d *Document, key crypto.DataKey, meta *Metadata) (*Sealed, error) {
	// Keep only the position of the block: ciphertexts of the old key cannot be reused.
	s, _, err := sealWith(d, key, meta, &Opened{sealed: o.sealed}, o.locationToWrite())
	return s, err
}

// sealer collects the edits that turn a document into an encrypted file.
type sealer struct {
	d        *Document
	cipher   *crypto.ValueCipher
	old      *ciphertexts
	edits    []layout.Edit
	comments []*tree.Node // to be encrypted once their container in the encrypted file is known
	mac      *crypto.MAC
	sealed   map[*tree.Node]bool
}

func sealWith(d *Document, key crypto.DataKey, meta *Metadata, old *Opened, location string) (*Sealed, *Opened, error) {
	rules, err := meta.Rules.compile()
	if err != nil {
		return nil, nil, err
	}
	d = d.indentedAs(old)
	if first := d.p.Roots[0]; first.Traits != nil {
		first.Traits.Empty = false // the metadata turns it into a map
	}
	s := &sealer{d: d, cipher: crypto.NewValueCipher(key), mac: crypto.NewMAC(rules.macOnly), old: collect(old),
		sealed: map[*tree.Node]bool{}}
	s.old.match(d.p.Roots)
	if err := s.Values(rules); err != nil {
		return nil, nil, err
	}
	meta.touch(time.Now())
	meta.mac = s.mac.Seal(s.cipher, meta.LastModified)
	meta.bind(s.cipher, structureOf(d.p.Roots, s.sealed, rules), location)
	if err := s.blocks(meta, old); err != nil {
		return nil, nil, err
	}
	if text, ok := s.likelyText(rules); ok {
		sealed, opened, err := checked(d.format, text, key, d.p.Roots, s.sealed)
		if err == nil && opened.inPlace == len(s.comments) {
			return sealed, opened, nil
		}
	}
	text, err := s.text(rules)
	if err != nil {
		return nil, nil, err
	}
	return checked(d.format, text, key, d.p.Roots, s.sealed)
}

// Values encrypts each value at its position and adds it to the MAC.
func (s *sealer) Values(rules *matcher) error {
	sealedAt := map[int]bool{} // an alias cannot repeat an encrypted value unencrypted
	return rules.walk(s.d.p.Roots, func(v visit) error {
		n := v.node
		if why := s.d.p.Refuse(n, v.path, v.sealed, s.old.old == nil); why != "" {
			return tree.ErrorAt(n, "%s", why)
		}
		origin, shared := s.d.p.Shared(n)
		switch {
		case n.Kind == tree.Comment:
			if v.sealed {
				s.comments = append(s.comments, n)
			} else if why := s.d.format.MisreadComment(n.Text); why != "" {
				return tree.ErrorAt(n, "%s", why)
			}
			return nil
		case v.sealed && shared:
			return tree.ErrorAt(n, "%s cannot be encrypted through an alias (*), because a ciphertext is bound to its field path: "+
				"replace the alias by its value, or leave the field unencrypted", v.path)
		case shared && sealedAt[origin]:
			return tree.ErrorAt(n, "%s is unencrypted, but it is an alias (*) of a value that the rules encrypt: "+
				"replace the alias by its value", v.path)
		}
		if v.sealed || !rules.macOnly {
			s.mac.Add(n.Text)
		}
		if !v.sealed || n.Text == "" {
			return nil
		}
		start, _ := s.d.p.Bytes(n)
		sealedAt[start] = true
		s.sealed[n] = true
		to := layout.Replacement{Typ: n.Type, Sealed: true, Was: s.old.value(n)}
		if to.Was != nil {
			to.Text = to.Was.Ciphertext
		} else {
			to.Text = s.cipher.Seal(n.Type, n.Text, v.aad())
		}
		return s.put(n, to)
	})
}

func (s *sealer) put(n *tree.Node, to layout.Replacement) error {
	edits, err := s.d.p.Format(n, to)
	s.edits = append(s.edits, edits...)
	return err
}

// likelyText is text for the common case in which each comment stays with the same map or list
// after encryption. Decryption of the result shows whether that is true. It does not support rules
// that match comments or empty comments.
func (s *sealer) likelyText(rules *matcher) ([]byte, bool) {
	if rules.comment != nil || slices.ContainsFunc(s.comments, func(c *tree.Node) bool { return c.Text == "" }) {
		return nil, false
	}
	edits := slices.Clone(s.edits)
	kept := maps.Clone(s.old.comments)
	defer func() { s.old.comments = kept }() // text uses them again
	err := rules.walk(s.d.p.Roots, func(v visit) error {
		if v.node.Kind != tree.Comment || !v.sealed {
			return nil
		}
		enc, err := s.comment(v.node, v, s.d.p.ListComment(v.node), rules)
		if err != nil {
			return err
		}
		e, err := s.d.p.Format(v.node, layout.Replacement{Typ: crypto.Comment, Text: enc, Sealed: true})
		edits = append(edits, e...)
		return err
	})
	if err != nil {
		return nil, false
	}
	text, err := layout.Splice(s.d.p.Src, edits)
	return text, err == nil
}

// text returns the encrypted file. A comment is bound to the map or list to which a parser attaches
// it in the encrypted file. So text first parses the file with a mark for each comment.
func (s *sealer) text(rules *matcher) ([]byte, error) {
	if len(s.comments) == 0 {
		return layout.Splice(s.d.p.Src, s.edits)
	}
	byMark := make(map[string]*tree.Node, len(s.comments))
	for i, c := range s.comments {
		byMark[layout.Mark(i)] = c
		if err := s.put(c, layout.Replacement{Typ: crypto.Comment, Text: layout.Mark(i), Sealed: true}); err != nil {
			return nil, err
		}
	}
	marked, err := layout.Splice(s.d.p.Src, s.edits)
	if err != nil {
		return nil, fmt.Errorf("write the encrypted text: %w", err)
	}
	p, err := s.d.format.Parse(marked)
	if err != nil {
		return nil, fmt.Errorf("parse the encrypted text again: %w", err)
	}
	var edits []layout.Edit
	err = rules.walk(p.Roots, func(v visit) error {
		c := byMark[v.node.Text]
		if v.node.Kind != tree.Comment || c == nil {
			return nil
		}
		text, err := s.comment(c, v, p.ListComment(v.node), rules)
		if err != nil {
			return err
		}
		e, err := p.Format(v.node, layout.Replacement{Typ: crypto.Comment, Text: text, Sealed: true})
		edits = append(edits, e...)
		delete(byMark, v.node.Text)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range byMark {
		return nil, tree.ErrorAt(c, "the comment cannot be encrypted at its position")
	}
	return layout.Splice(marked, edits)
}

// mostNonces bounds the search for a ciphertext that does not match an expression.
const mostNonces = 1000

// comment encrypts a comment. A ciphertext that matches unencrypted_comment_regex would select the
// value below it. A short expression can match by chance, and then comment tries another nonce. inList
// reports whether the comment belongs to a list.
func (s *sealer) comment(c *tree.Node, v visit, inList bool, rules *matcher) (string, error) {
	text := ""
	if c.Text == "" && inList {
		text = emptyComment
	} else if c.Text != "" {
		text = s.old.comment(v.aad(), c.Text)
	}
	matches := func() bool { return rules.refuseAsEnc && rules.comment(text) }
	for range mostNonces {
		if c.Text == "" || text != "" && !matches() {
			break
		}
		text = s.cipher.Seal(crypto.Comment, c.Text, v.aad())
	}
	if matches() {
		return "", tree.ErrorAt(c, "the encrypted comment would match unencrypted_comment_regex")
	}
	return text, nil
}

// blocks adds the metadata to every document, as sops does.
func (s *sealer) blocks(meta *Metadata, old *Opened) error {
	p := s.d.p
	for i, root := range p.Roots {
		if i > 0 && root.Len() == 0 && !p.OpenMap(root) {
			continue // an empty document cannot hold it, and readers use the first document
		}
		var oldBlock *layout.Block
		text := ""
		if old != nil {
			from := old.sealed.p
			oldBlock = from.Blocks[min(i, len(from.Blocks)-1)]
			if oldBlock != nil && p.BlockFits(i, oldBlock) && slices.Equal(old.sealed.meta.Stanzas(), meta.Stanzas()) {
				var err error
				if text, err = patchBlock(from, oldBlock, meta); err != nil {
					return err
				}
			}
		}
		if text == "" {
			text = p.RenderBlock(i, meta.tree(), oldBlock)
		}
		s.edits = append(s.edits, p.InsertBlock(i, text, oldBlock))
	}
	return nil
}

// patchBlock returns the bytes of a block with a new mac, lastmodified and binding, so that a
// change of one value changes four lines. It returns "" if the block must be rendered.
func patchBlock(p *layout.Parsed, b *layout.Block, meta *Metadata) (string, error) {
	if !ownBlock(b.Tree.Get(bindingKey)) {
		return "", nil
	}
	fields := map[*tree.Node]string{
		b.Tree.Get("mac"):                       meta.mac,
		b.Tree.Get("lastmodified"):              meta.LastModified,
		b.Tree.Get(bindingKey).Get(bindingText): meta.binding.Get(bindingText).Text,
	}
	if v := b.Tree.Get("version"); v == nil || v.Text != meta.Version { // forWriting replaced it
		fields[v] = meta.Version
	}
	var edits []layout.Edit
	for n, text := range fields {
		if n == nil || n.Kind != tree.Value {
			return "", nil
		}
		if _, shared := p.Shared(n); shared {
			return "", nil
		}
		e, err := p.Format(n, layout.Replacement{Typ: crypto.Str, Text: text})
		if err != nil {
			return "", err
		}
		edits = append(edits, e...)
	}
	for i := range edits {
		edits[i].Start -= b.Text[0]
		edits[i].End -= b.Text[0]
	}
	text, err := layout.Splice(p.Src[b.Text[0]:b.Text[1]], edits)
	return string(text), err
}

// ownBlock reports whether a binding block has exactly the fields that this package writes.
func ownBlock(b *tree.Node) bool {
	version := b.Get(bindingNumber)
	if version == nil || b.Get(bindingText) == nil || b.Len() != 2 {
		return false
	}
	n, ok := lenientCount(version)
	return ok && n == bindingVersion
}

// checked parses and decrypts an encrypted file before it is written, and compares it with want.
// sealed names the encrypted values of want.
func checked(f Format, text []byte, key crypto.DataKey, want []*tree.Node, sealed map[*tree.Node]bool) (*Sealed, *Opened, error) {
	p, err := layout.Reparse(f, text)
	if err != nil {
		return nil, nil, fmt.Errorf("parse the encrypted text again: %w", err)
	}
	s, err := sealedFrom(f, p)
	if err != nil {
		return nil, nil, fmt.Errorf("parse the encrypted text again: %w", err)
	}
	o, err := s.openWith(key)
	if err != nil {
		return nil, nil, fmt.Errorf("decrypt the encrypted text again: %w", err)
	}
	if at := layout.FirstDifference(want, o.roots, sealed); at != nil {
		return nil, nil, fmt.Errorf("%s cannot be encrypted: it would not decrypt to the same value", at)
	}
	return s, o, nil
}

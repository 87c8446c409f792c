package envfile

import (
	"fmt"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// A Document is a plaintext file: its bytes and the values parsed from them. It is immutable and
// safe for concurrent use.
type Document struct {
	format   Format
	p        *layout.Parsed
	location string
}

// Parse parses plaintext. It returns a [*SyntaxError] if src is malformed or the format cannot
// represent it, and [ErrAlreadySealed] for an encrypted file, which [Binary] detects in every
// format. The document keeps src: the caller must not change it.
func Parse(f Format, src []byte) (*Document, error) {
	if f.Properties().Whole {
		if in, encrypted := Detect("", src); encrypted {
			return nil, fmt.Errorf("%w (%s)", ErrAlreadySealed, in.Name())
		}
	}
	d, err := parsePlain(f, src, layout.Format.Parse)
	if err == nil && d.p.Refused != nil {
		return nil, d.p.Refused
	}
	return d, err
}

// parsePlain is Parse with a given parser, Format.parse or reparse. It accepts plaintext that was
// decrypted: sops may have encrypted an encrypted file as one value.
func parsePlain(f Format, src []byte, parse func(f layout.Format, src []byte) (*layout.Parsed, error)) (*Document, error) {
	p, err := parse(f, src)
	if err != nil {
		return nil, orConflict(src, err)
	}
	if err := layout.BoundPaths(p.Roots); err != nil {
		return nil, err
	}
	for _, b := range p.Blocks {
		if b == nil {
			continue
		}
		if _, err := parseMetadata(b.Tree); err != nil {
			return nil, &tree.SyntaxError{Line: b.Line, Reason: `"` + layout.MetaKey + `" is the name of the metadata of encrypted files: use another name`}
		}
		return nil, fmt.Errorf("%w (line %d)", ErrAlreadySealed, b.Line)
	}
	return &Document{format: f, p: p}, nil
}

// Bytes returns the file's bytes. The caller must not change them.
func (d *Document) Bytes() []byte { return d.p.Src }

// Comments returns the lines of the comments.
func (d *Document) Comments() []int {
	var lines []int
	var visit func(n *tree.Node)
	visit = func(n *tree.Node) {
		for _, e := range n.Children {
			if e.Kind == tree.Comment {
				lines = append(lines, e.Line)
			}
			visit(e)
		}
	}
	for _, root := range d.p.Roots {
		visit(root)
	}
	return lines
}

// Roots returns the root map of each document in the file, at least one.
func (d *Document) Roots() []*tree.Node { return d.p.Roots }

// WithMetadataIndent returns a copy of the document for which [Seal] indents each level of the
// metadata by n spaces. The default is 4 spaces, or a tab for [Binary]. n corresponds to
// stores.yaml.indent and stores.json_binary.indent in .sops.yaml. Other formats ignore it and use
// the indentation of the document.
func (d *Document) WithMetadataIndent(n int) *Document {
	if n < 1 {
		return d
	}
	return d.with(d.p.Indented(n))
}

// indentedAs returns a copy with the indentation of the file that the document replaces, if the
// format has no indentation of its own.
func (d *Document) indentedAs(old *Opened) *Document {
	if old == nil {
		return d
	}
	return d.with(d.p.Like(old.sealed.p.Layout))
}

// with returns a copy with another layout, or d itself if l is nil.
func (d *Document) with(l layout.Layout) *Document {
	if l == nil {
		return d
	}
	p := *d.p
	p.Layout = l
	return &Document{format: d.format, p: &p, location: d.location}
}

// WithLocation returns a copy of the document that [Seal] encrypts for a location: see
// [Expectation].
func (d *Document) WithLocation(location string) *Document {
	with := *d
	with.location = location
	return &with
}

// Format returns the format of the document.
func (d *Document) Format() Format { return d.format }

// Once returns a [*SyntaxError] if a name occurs more than once in the document. [Seal] accepts
// such a document because sops does, but programs read different values from it.
func (d *Document) Once() error {
	if len(d.p.Repeats) == 0 {
		return nil
	}
	r := d.p.Repeats[0]
	return &tree.SyntaxError{Line: r.Lines[1], Reason: r.String() + ", but may occur once", Repeats: true}
}

// Repeats returns the names that occur more than once.
func (d *Document) Repeats() []tree.Repeat { return d.p.Repeats }

package envfile

import "fmt"

// A Document is plain text: its bytes as written, and the values found in them.
// It is immutable and safe for concurrent use.
type Document struct {
	format Format
	p      *parsed
}

// Parse reads plain text. It fails with a [*SyntaxError] for text that is
// broken or that the format cannot carry, and with [ErrAlreadySealed] for text
// that has a block of metadata.
func Parse(f Format, src []byte) (*Document, error) {
	p, err := f.parse(src)
	if err != nil {
		return nil, err
	}
	for _, b := range p.blocks {
		if b != nil {
			return nil, fmt.Errorf("%w (line %d)", ErrAlreadySealed, b.line)
		}
	}
	return &Document{format: f, p: p}, nil
}

// Bytes returns the text as written. The caller must not change it.
func (d *Document) Bytes() []byte { return d.p.src }

// Roots returns the root map of each document in the file, at least one.
func (d *Document) Roots() []*Node { return d.p.roots }

// Format returns the format that the document was parsed with.
func (d *Document) Format() Format { return d.format }

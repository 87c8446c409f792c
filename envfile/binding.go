package envfile

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// The binding is a block of our own in the metadata, under sops.sealcfg. sops
// does not look at it and drops it when it writes the file. docs/format.md
// specifies it to the byte.
const (
	bindingKey     = "sealcfg" // in the metadata
	bindingText    = "binding" // in the block
	bindingVersion = 1
)

// What a [BindingError] can say was tampered with.
const (
	BindingStructure   = "structure"   // names, kinds, types, order, values in clear
	BindingRecipients  = "recipients"  // recipients, key groups, threshold, selectors
	BindingEnvironment = "environment" // the place for which the file was sealed
	BindingItself      = "binding"     // the block: missing, broken, or of another text of the file
)

// A BindingError says what of a file is not as it was when it was sealed. It
// wraps [ErrIntegrity].
type BindingError struct {
	Tampered      string // one of the Binding constants
	Reason        string
	Sealed, Found string // with BindingEnvironment: the place it was sealed for, and where it is
}

func (e *BindingError) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrIntegrity, e.Tampered, e.Reason)
}

// Unwrap returns [ErrIntegrity].
func (e *BindingError) Unwrap() error { return ErrIntegrity }

// An Expectation is what a caller knows of a file apart from its text.
type Expectation struct {
	// Place is where the file belongs, in the caller's words, such as the name
	// of an environment. It is sealed into the file when that is written. A file
	// that was sealed for another place is refused. With "" nothing is compared,
	// and the file keeps the place that it has.
	Place string
	// Fits compares the place that a file was sealed for, if equality with
	// Place is not what is wanted.
	Fits func(sealed string) bool
	// Bound refuses a file without a binding, and with Place, one that was
	// sealed for no place in particular.
	Bound bool
}

// Expect returns the file such that [Sealed.Open] compares its binding with
// what the caller knows.
func (s *Sealed) Expect(e Expectation) *Sealed {
	with := *s
	with.expect = e
	return &with
}

// HasBinding reports whether there is a binding to verify.
func (m *Metadata) HasBinding() bool { return m.binding != nil }

// Bound reports whether the file has a binding, which has been verified. A file
// that was last written by sops has none: then nothing vouches for names,
// structure, recipients and place.
func (o *Opened) Bound() bool { return o.bound != nil }

// Place returns the place that the file was sealed for, "" for none.
func (o *Opened) Place() string {
	if o.bound == nil {
		return ""
	}
	return o.bound.place
}

// Moved reports whether the file was sealed for another place than was expected.
func (o *Opened) Moved() bool {
	place := o.sealed.expect.Place
	return place != "" && o.Place() != "" && o.Place() != BoundLocation(place)
}

// placeToWrite is the place that the next text of the file is sealed for, as it
// is sealed.
func (o *Opened) placeToWrite() string {
	if p := o.sealed.expect.Place; p != "" {
		return BoundLocation(p)
	}
	return o.Place()
}

// A binding is what the block seals.
type binding struct{ structure, policy, place string }

func (b binding) text() string {
	return "structure=" + b.structure + "\npolicy=" + b.policy + "\nplace=" + b.place
}

// longestPlace bounds what a place adds to a file.
const longestPlace = 160

const hashedPlace = "sha256:"

// BoundLocation returns a location as a binding stores it: its digest if it is
// long, or looks like a digest.
func BoundLocation(place string) string {
	if len(place) <= longestPlace && !strings.HasPrefix(place, hashedPlace) {
		return place
	}
	sum := sha256.Sum256([]byte(place))
	return hashedPlace + base64.StdEncoding.EncodeToString(sum[:])
}

// bindingAAD cannot be that of a value, which ends in a colon, nor of a MAC,
// which is a time alone.
func bindingAAD(lastModified string) string {
	return "sops.sealcfg.binding " + strconv.Itoa(bindingVersion) + " " + lastModified
}

// rebind is bind for metadata whose time of the last change stays. What binds
// the same is kept as it is.
func (m *Metadata) rebind(o *Opened) {
	b := binding{structureOf(o.roots, nil), m.policyDigest(), o.placeToWrite()}
	if o.bound == nil || *o.bound != b {
		m.bind(o.cipher, b.structure, b.place)
	}
}

// bind seals the binding of a file whose metadata is otherwise complete. The place
// is that of BoundLocation.
func (m *Metadata) bind(c *crypto.ValueCipher, structure, place string) {
	b := binding{structure: structure, policy: m.policyDigest(), place: place}
	text := c.Seal(crypto.Str, b.text(), bindingAAD(m.LastModified))
	m.binding = &Node{Kind: Map, Key: bindingKey, entries: []*Node{
		{Kind: Value, Key: bindingText, Type: crypto.Str, Text: text},
		{Kind: Value, Key: "version", Type: crypto.Int, Text: strconv.Itoa(bindingVersion)},
	}}
}

// checkBinding compares an opened file with its binding, if it has one.
func (o *Opened) checkBinding() error {
	want := o.sealed.expect
	if o.sealed.meta.binding == nil {
		if want.Bound {
			return &BindingError{Tampered: BindingItself, Reason: "the file has none, and one is required: sops has written it last, or somebody took it out"}
		}
		return nil
	}
	b, err := o.sealed.meta.openBinding(o.cipher)
	if err != nil {
		return err
	}
	switch {
	case !sameDigest(b.policy, o.sealed.meta.policyDigest()):
		return &BindingError{Tampered: BindingRecipients, Reason: "recipients, key groups or selectors are not those that the file was sealed with"}
	case !sameDigest(b.structure, structureOf(o.roots, nil)):
		return &BindingError{Tampered: BindingStructure, Reason: "names, types, order or values in clear are not those that the file was sealed with"}
	}
	o.bound = &b
	return want.check(b.place)
}

func (e Expectation) check(sealed string) error {
	switch {
	case e.Place == "" && e.Fits == nil, sealed == BoundLocation(e.Place), e.Fits != nil && e.Fits(sealed):
		return nil
	case sealed == "" && e.Bound:
		return &BindingError{Tampered: BindingEnvironment, Found: e.Place, Reason: "the file was sealed for no place in particular, and " + e.Place + " is required"}
	case sealed == "":
		return nil
	}
	return &BindingError{Tampered: BindingEnvironment, Sealed: sealed, Found: e.Place,
		Reason: fmt.Sprintf("the file was sealed as %s, and it is found as %s", sealed, e.Place)}
}

// openBinding reads the block. What is wrong with it is never passed over: a
// block that does not count would be worth nothing.
func (m *Metadata) openBinding(c *crypto.ValueCipher) (binding, error) {
	broken := func(reason string) (binding, error) {
		return binding{}, &BindingError{Tampered: BindingItself, Reason: reason}
	}
	text, version := m.binding.Get(bindingText), m.binding.Get("version")
	if text == nil || version == nil || text.Kind != Value {
		return broken("sops.sealcfg wants binding and version")
	}
	if n, ok := weakCount(version); !ok || n < bindingVersion {
		return broken("sops.sealcfg.version is not a number from 1")
	} else if n > bindingVersion {
		return broken(fmt.Sprintf("sops.sealcfg.version is %d, and this program knows %d: a newer one has written it", n, bindingVersion))
	}
	typ, plain, err := c.Open(text.Text, bindingAAD(m.LastModified))
	if err != nil || typ != crypto.Str {
		return broken("it does not authenticate: it was changed, or belongs to another text of the file")
	}
	plain, ok1 := strings.CutPrefix(plain, "structure=")
	digests, place, ok2 := strings.Cut(plain, "\nplace=")
	structure, policy, ok3 := strings.Cut(digests, "\npolicy=")
	if !ok1 || !ok2 || !ok3 {
		return broken("it holds something else than digests and a place")
	}
	return binding{structure, policy, place}, nil
}

func sameDigest(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

package envfile

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// The binding is a block in the metadata, at sops.sealcfg. sops ignores it and drops it when it
// writes the file. docs/format.md specifies every byte of it.
const (
	bindingKey     = "sealcfg" // in the metadata
	bindingText    = "binding" // in the block
	bindingNumber  = "version"
	bindingVersion = 2
)

// The parts of a file that a [BindingError] can name.
const (
	BindingStructure  = "structure"  // names, kinds, types, tags, order, unencrypted values
	BindingRecipients = "recipients" // recipients, key groups, threshold, selectors
	BindingLocation   = "location"   // the location for which the file was encrypted
	BindingItself     = "binding"    // the block: missing, broken, or from another version of the file
)

// A BindingError names the part of a file that changed since the file was encrypted. It wraps
// [ErrIntegrity].
type BindingError struct {
	Tampered      string // one of the Binding constants
	Reason        string
	Sealed, Found string // with BindingLocation: the location it was encrypted for, and the one where it is used
}

func (e *BindingError) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrIntegrity, e.Tampered, e.Reason)
}

// Unwrap returns [ErrIntegrity].
func (e *BindingError) Unwrap() error { return ErrIntegrity }

// An Expectation holds a caller's requirements for the binding of a file.
type Expectation struct {
	// Location is where the file belongs, in the caller's words, such as the name of an
	// environment. The next write stores it in the file. A file that was encrypted for another
	// location is rejected. If Location is "", the location is not compared, and the file keeps its
	// own.
	Location string
	// Fits replaces the comparison with Location. It reports whether a file may have the location
	// that it was encrypted for.
	Fits func(sealed string) bool
	// Bound rejects a file without a binding. If Location is set, it also rejects a file without a
	// location.
	Bound bool
}

// Expect returns a copy of the file. [Sealed.Open] compares its binding with the expectation.
func (s *Sealed) Expect(e Expectation) *Sealed {
	with := *s
	with.expect = e
	return &with
}

// HasBinding reports whether the file has a binding of the version that this package verifies.
func (m *Metadata) HasBinding() bool { return m.binding != nil }

// OtherBinding returns the version of a binding that this package cannot read, and whether there is
// one. Such a file is treated as a file without a binding. The version is "" if it is not a number.
func (m *Metadata) OtherBinding() (version string, found bool) {
	return m.otherBinding, m.hasOther
}

// Bound reports whether the file has a binding. Open has verified it. Without a binding, names,
// structure, recipients and location are not authenticated.
func (o *Opened) Bound() bool { return o.bound != nil }

// Location returns the location that the file was encrypted for, or "".
func (o *Opened) Location() string {
	if o.bound == nil {
		return ""
	}
	return o.bound.location
}

// Moved reports whether the file was encrypted for another location than the expected one.
func (o *Opened) Moved() bool {
	location := o.sealed.expect.Location
	return location != "" && o.Location() != "" && o.Location() != BoundLocation(location)
}

// locationToWrite returns the location for the next write, in the form that the binding stores.
func (o *Opened) locationToWrite() string {
	if l := o.sealed.expect.Location; l != "" {
		return BoundLocation(l)
	}
	return o.Location()
}

// A binding is the plaintext of the block.
type binding struct{ structure, policy, location string }

func (b binding) text() string {
	return "structure=" + b.structure + "\npolicy=" + b.policy + "\nlocation=" + b.location
}

// longestLocation is the length in bytes above which a binding stores the digest of a location.
const longestLocation = 160

const hashedLocation = "sha256:"

// BoundLocation returns a location in the form that a binding stores: its digest if the location is
// long or looks like a digest.
func BoundLocation(location string) string {
	if len(location) <= longestLocation && !strings.HasPrefix(location, hashedLocation) {
		return location
	}
	sum := sha256.Sum256([]byte(location))
	return hashedLocation + base64.StdEncoding.EncodeToString(sum[:])
}

// bindingAAD returns the additional data of a binding. It differs from the additional data of
// values, which ends in a colon, and of the MAC, which is only a time.
func bindingAAD(lastModified string) string {
	return "sops.sealcfg.binding " + strconv.Itoa(bindingVersion) + " " + lastModified
}

// rebind is bind for metadata that keeps its time of the last change. A binding with the same
// content keeps its ciphertext.
func (m *Metadata) rebind(o *Opened) {
	b := binding{structureOf(o.roots, nil, o.rules), m.policyDigest(), o.locationToWrite()}
	if o.bound == nil || *o.bound != b {
		m.bind(o.cipher, b.structure, b.location)
	}
}

// bind encrypts the binding. The rest of the metadata must be complete. location has the form that
// BoundLocation returns.
func (m *Metadata) bind(c *crypto.ValueCipher, structure, location string) {
	b := binding{structure: structure, policy: m.policyDigest(), location: location}
	m.binding = bindingBlock(c.Seal(crypto.Str, b.text(), bindingAAD(m.LastModified)))
}

// bindingBlock returns the block with the fields of this version only.
func bindingBlock(text string) *tree.Node {
	return &tree.Node{Kind: tree.Map, Key: bindingKey, Children: []*tree.Node{
		{Kind: tree.Value, Key: bindingText, Type: crypto.Str, Text: text},
		{Kind: tree.Value, Key: bindingNumber, Type: crypto.Int, Text: strconv.Itoa(bindingVersion)},
	}}
}

// parseBinding reads the version of the block. It needs no key.
func (m *Metadata) parseBinding(block *tree.Node) {
	version := block.Get(bindingNumber)
	if version != nil {
		n, ok := lenientCount(version)
		if ok && n == bindingVersion {
			m.binding = block
			return
		}
		if ok {
			m.otherBinding = strconv.Itoa(n)
		}
	}
	m.hasOther = true
}

// checkBinding compares a decrypted file with its binding, if it has one.
func (o *Opened) checkBinding() error {
	meta, want := o.sealed.meta, o.sealed.expect
	if meta.binding == nil {
		if !want.Bound {
			return nil
		}
		reason := "the file has no binding, but one is required: sops wrote it last, or the binding was removed"
		if meta.hasOther {
			reason = "the file has a binding of an unsupported version, but a supported one is required"
		}
		return &BindingError{Tampered: BindingItself, Reason: reason}
	}
	b, err := meta.openBinding(o.cipher)
	if err != nil {
		return err
	}
	switch {
	case !sameDigest(b.policy, meta.policyDigest()):
		return &BindingError{Tampered: BindingRecipients, Reason: "recipients, key groups or selectors have changed since the file was encrypted"}
	case !sameDigest(b.structure, structureOf(o.roots, nil, o.rules)):
		return &BindingError{Tampered: BindingStructure, Reason: "names, types, tags, quotes, order or unencrypted values have changed since the file was encrypted"}
	}
	o.bound = &b
	return want.check(b.location)
}

func (e Expectation) check(sealed string) error {
	switch {
	case e.Location == "" && e.Fits == nil, sealed == BoundLocation(e.Location), e.Fits != nil && e.Fits(sealed):
		return nil
	case sealed == "" && e.Bound:
		return &BindingError{Tampered: BindingLocation, Found: e.Location, Reason: "encrypted for no location, but used as " + e.Location}
	case sealed == "":
		return nil
	}
	return &BindingError{Tampered: BindingLocation, Sealed: sealed, Found: e.Location,
		Reason: fmt.Sprintf("encrypted as %s, but used as %s", sealed, e.Location)}
}

// openBinding decrypts the block. A broken block is an error. Otherwise breaking the block would
// have the same effect as removing it, even if a binding is required.
func (m *Metadata) openBinding(c *crypto.ValueCipher) (binding, error) {
	broken := func(reason string) (binding, error) {
		return binding{}, &BindingError{Tampered: BindingItself, Reason: reason}
	}
	text := m.binding.Get(bindingText)
	if text == nil || text.Kind != tree.Value {
		return broken("sops.sealcfg has no binding")
	}
	typ, plain, err := c.Open(text.Text, bindingAAD(m.LastModified))
	if err != nil || typ != crypto.Str {
		return broken("it fails authentication: it was changed, or belongs to another version of the file")
	}
	plain, ok1 := strings.CutPrefix(plain, "structure=")
	digests, location, ok2 := strings.Cut(plain, "\nlocation=")
	structure, policy, ok3 := strings.Cut(digests, "\npolicy=")
	if !ok1 || !ok2 || !ok3 {
		return broken("expected digests and a location")
	}
	return binding{structure, policy, location}, nil
}

func sameDigest(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

package envfile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/keys"
)

// ErrBound is returned when an operation supports only files without a binding.
var ErrBound = errors.New("the file has a binding")

// An Unverified holds the values of a file without a check of its MAC. Each encrypted value
// authenticates by itself, but entries may have been added, removed or reordered, and unencrypted
// Values and comments may have been changed. It can be printed, but not written to an encrypted
// file.
type Unverified struct{ opened *Opened }

// OpenUnverified recovers the data key with one of the identities and decrypts every value. It does
// not check the MAC and the location. It returns an error for a value that the rules encrypt and
// that fails authentication. It returns [ErrBound] for a file with a binding, and an error for a
// file without one if a binding is required.
func (s *Sealed) OpenUnverified(ctx context.Context, ids ...keys.Identity) (*Unverified, error) {
	switch {
	case s.meta.HasBinding():
		return nil, ErrBound
	case s.expect.Bound:
		return nil, &BindingError{Tampered: BindingItself, Reason: "the file has no binding, but one is required"}
	}
	key, err := s.dataKey(ctx, ids)
	if err != nil {
		return nil, err
	}
	o, _, comments, err := s.openValues(key, true)
	if err != nil {
		return nil, err
	}
	for i := range comments {
		comments[i].sealed = false // keep a comment that fails authentication, as sops does
	}
	if err := o.openComments(comments); err != nil {
		return nil, err
	}
	o.fillRoots()
	return &Unverified{o}, nil
}

// openStray decrypts a value that authenticates but that the rules leave unencrypted. sops writes
// such files: it selects by comments, then encrypts the comments.
func (o *Opened) openStray(v visit) bool {
	n := v.node
	if n.Kind != tree.Value || n.Type != crypto.Str || !crypto.IsSealed(strings.TrimRight(n.Text, "\n")) {
		return false
	}
	if _, _, err := o.openValue(v); err != nil {
		return false
	}
	o.strays = append(o.strays, Position{n.Line, v.path.String()})
	return true
}

// Roots returns the root map of each document with decrypted values.
func (u *Unverified) Roots() []*tree.Node { return u.opened.Roots() }

// Text returns the plaintext.
func (u *Unverified) Text() ([]byte, error) { return u.opened.Text() }

// Strays returns the encrypted values that authenticate but that the rules leave unencrypted.
func (u *Unverified) Strays() []Position { return u.opened.strays }

// String keeps values out of logs.
func (u *Unverified) String() string { return u.opened.String() }

// Format keeps values out of logs, whatever the verb.
func (u *Unverified) Format(f fmt.State, verb rune) { u.opened.Format(f, verb) }

package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/keys"
)

// A keyring holds what the files of one load share: identities, policy and project config.
// It reads identities and policy once, when they are needed.
type keyring struct {
	o      *options
	config *environments.Config
	once   sync.Once
	ids    []keys.Identity
	err    error
	places []string // key sources that were searched, with the result
	broken []error  // broken key sources that were skipped

	policyOnce sync.Once
	read       *environments.Policy // nil if no file needed it
	policyErr  error
}

// policy returns the .sops.yaml that applies to the files.
func (r *keyring) policy() (*environments.Policy, error) {
	r.policyOnce.Do(func() { r.read, r.policyErr = r.o.policy() })
	return r.read, r.policyErr
}

// identities returns the identities of the options or, without any, of the key sources.
func (r *keyring) identities(ctx context.Context) ([]keys.Identity, error) {
	if len(r.o.identities) > 0 {
		return r.o.identities, nil
	}
	r.once.Do(func() {
		src := r.o.source(ctx, r.policy)
		src.Looked = r.looked
		src.Broken = func(reason error) { r.broken = append(r.broken, reason) }
		if r.ids, r.err = keys.Default.Identities(ctx, src); r.err != nil {
			r.err = fmt.Errorf("look for identities: %w", r.err)
		}
	})
	return r.ids, r.err
}

// warnings returns a warning for each broken key source. It returns each warning once.
func (r *keyring) warnings(file string) []*tree.Problem {
	var all []*tree.Problem
	for _, reason := range r.broken {
		f := &tree.Flaw{Kind: tree.KindKeySource, Reason: "broken key source: " + reason.Error()}
		all = append(all, f.Problem("", Origin{File: file}))
	}
	r.broken = nil
	return all
}

// looked records a key source and the number of identities in it.
func (r *keyring) looked(place string, found int) {
	switch found {
	case 0:
		place += " (none)"
	case keys.Locked:
		place += " (encrypted with a passphrase)"
	}
	r.places = append(r.places, place)
}

// explain adds details to a [keys.NoIdentityError]: the names of the recipients in the
// policy, the key sources that were searched, and the types of keys without a provider in
// the program. It returns other errors unchanged.
func (r *keyring) explain(sealed *envfile.Sealed, err error) error {
	var none *keys.NoIdentityError
	if !errors.As(err, &none) {
		return err
	}
	if policy, policyErr := r.policy(); policyErr == nil {
		for i, recipient := range none.Recipients {
			if name := policy.NameOf(recipient); name != "" {
				none.Recipients[i] = name + " (" + recipient + ")"
			}
		}
	}
	if len(r.o.identities) > 0 {
		return err
	}
	none.KeySources = r.places
	var types []string
	for _, stanza := range sealed.Metadata().Stanzas() {
		if _, missing := keys.Default.Provider(stanza.Type); missing != nil && !slices.Contains(types, stanza.Type) {
			types = append(types, stanza.Type)
			none.Reasons = append(none.Reasons, missing)
		}
	}
	return err
}

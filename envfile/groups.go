package envfile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/keys"
)

// wrap returns the stanzas of a file. With one group, each stanza holds the data key, and
// recipients keep their stanzas from old. With several groups, each group gets its own share of the
// data key.
func wrap(ctx context.Context, key crypto.DataKey, to Recipients, old []*keys.Stanza) ([][]*keys.Stanza, error) {
	shares := [][]byte{key.Bytes()}
	switch n := len(to.Groups); {
	case n == 0:
		return nil, ErrNoRecipients
	case n > 1:
		var err error
		if shares, err = crypto.Split(key, n, to.Threshold); err != nil {
			return nil, fmt.Errorf("split the data key over the key groups: %w", err)
		}
		old = nil
	}
	var groups [][]*keys.Stanza
	for i, g := range to.Groups {
		var group []*keys.Stanza
		for _, r := range g {
			s := findStanza(old, r, g)
			if s == nil {
				var err error
				if s, err = r.Wrap(ctx, shares[i]); err != nil {
					return nil, err
				}
			}
			group = append(group, s)
		}
		if len(group) == 0 {
			return nil, ErrNoRecipients
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// findStanza returns the stanza of a recipient: the stanza with the recipient's name, or a stanza
// with the name as an alternative, unless its main name belongs to another recipient of the group.
func findStanza(stanzas []*keys.Stanza, r keys.Recipient, group []keys.Recipient) *keys.Stanza {
	var found *keys.Stanza
	for _, s := range stanzas {
		name := keys.Name(s)
		if name == r.String() {
			return s
		}
		if found == nil && slices.Contains(keys.Names(s), r.String()) &&
			!slices.ContainsFunc(group, func(other keys.Recipient) bool { return other.String() == name }) {
			found = s
		}
	}
	return found
}

func (s *Sealed) dataKey(ctx context.Context, ids []keys.Identity) (crypto.DataKey, error) {
	secret, err := s.secret(ctx, ids)
	if err != nil {
		return crypto.DataKey{}, err
	}
	key, err := crypto.ParseDataKey(secret)
	if err != nil {
		return crypto.DataKey{}, fmt.Errorf("%w: %w", ErrIntegrity, err)
	}
	return key, nil
}

// A GroupsError is returned when the identities unwrap too few key groups.
type GroupsError struct {
	Opened, Groups, Needed int
	Lacking                *keys.NoIdentityError // the recipients of the other groups
}

func (e *GroupsError) Error() string { return e.Summary() + ": " + e.Lacking.Error() }

// Summary reports how many key groups are needed and how many the identities can unwrap.
func (e *GroupsError) Summary() string {
	return fmt.Sprintf("%d of %d key groups needed, your identities unwrap %d", e.Needed, e.Groups, e.Opened)
}

// Unwrap returns a [*keys.NoIdentityError].
func (e *GroupsError) Unwrap() error { return e.Lacking }

// secret recovers the data key from the only key group, or from as many groups as the threshold
// requires.
func (s *Sealed) secret(ctx context.Context, ids []keys.Identity) ([]byte, error) {
	groups := s.meta.Groups
	if len(groups) == 1 {
		return keys.Unwrap(ctx, groups[0], ids)
	}
	var shares [][]byte
	lacking := &keys.NoIdentityError{Tried: len(ids)}
	for i, g := range groups {
		share, err := keys.Unwrap(ctx, g, ids)
		var none *keys.NoIdentityError
		switch {
		case err == nil:
			if shares = append(shares, share); len(shares) >= s.meta.Threshold {
				key, err := crypto.Combine(shares)
				if err != nil {
					return nil, fmt.Errorf("%w: key groups: %w", ErrIntegrity, err)
				}
				return key.Bytes(), nil
			}
		case errors.As(err, &none):
			lacking.Recipients = append(lacking.Recipients, none.Recipients...)
			lacking.Reasons = append(lacking.Reasons, none.Reasons...)
		default:
			return nil, fmt.Errorf("key group %d: %w", i+1, err)
		}
	}
	return nil, &GroupsError{Opened: len(shares), Groups: len(groups), Needed: s.meta.Threshold, Lacking: lacking}
}

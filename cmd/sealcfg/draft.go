package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/keys"
)

// A draft is a text that edit could not write. It is a sealed file with one
// value, for the people who may read the edited file, and lies in the user's
// state directory, where no git finds it.

// draftPath returns the place of the draft of a file.
func (a *app) draftPath(t *target) (string, error) {
	state := a.env("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		state = filepath.Join(home, ".local", "state")
	}
	sum := sha256.Sum256([]byte(t.path))
	return filepath.Join(state, "sealcfg", "drafts", hex.EncodeToString(sum[:8])+".yaml"), nil
}

var draftText = envfile.Path{{Key: "text"}}

func (a *app) writeDraft(ctx context.Context, s *editSession, text []byte) error {
	path, err := a.draftPath(s.t)
	if err != nil {
		return err
	}
	to, err := a.draftRecipients(ctx, s)
	if err != nil {
		return err
	}
	d, err := envfile.Parse(envfile.YAML, []byte("of_unencrypted: x\n"))
	if err != nil {
		return err
	}
	d, err = d.Apply(
		envfile.Set(envfile.Path{{Key: "of_unencrypted"}}, crypto.Str, s.t.path),
		envfile.Set(draftText, crypto.Str, string(text)),
	)
	if err != nil {
		return err
	}
	sealed, _, err := envfile.Seal(ctx, d, envfile.Rules{}, to)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, sealed.Bytes(), atomicfile.Options{Private: true})
}

// draftRecipients are those of policy; without one, the user's own.
func (a *app) draftRecipients(ctx context.Context, s *editSession) (envfile.Recipients, error) {
	if _, rule, err := s.t.rule(); err == nil {
		return rule.Recipients(keys.Default)
	}
	ids, err := a.loadIdentities(ctx)
	if err != nil {
		return envfile.Recipients{}, err
	}
	var group []keys.Recipient
	for _, name := range ownRecipients(ids) {
		r, err := keys.ParseAgeRecipient(name)
		if err != nil {
			return envfile.Recipients{}, err
		}
		group = append(group, r)
	}
	return envfile.Recipients{Groups: [][]keys.Recipient{group}}, nil
}

// readDraft returns the text of the draft, nil if there is none.
func (a *app) readDraft(ctx context.Context, t *target) ([]byte, error) {
	path, err := a.draftPath(t)
	if err != nil {
		return nil, nil //nolint:nilerr // without a home there are no drafts
	}
	src, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := envfile.ParseSealed(envfile.YAML, src)
	if err != nil {
		return nil, fmt.Errorf("draft %s: %w", path, err)
	}
	ids, err := a.loadIdentities(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.Open(ctx, ids...)
	if err != nil {
		return nil, fmt.Errorf("draft %s: %w", path, err)
	}
	n := o.Roots()[0].At(draftText)
	if n == nil {
		return nil, fmt.Errorf("draft %s: %w: text", path, envfile.ErrNoField)
	}
	return []byte(n.Text), nil
}

func (a *app) dropDraft(t *target) error {
	path, err := a.draftPath(t)
	if err != nil {
		return nil //nolint:nilerr // without a home there are no drafts
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// resumed puts above the draft what the file says otherwise now, by name.
func (s *editSession) resumed(draft []byte) []byte {
	if s.before == nil {
		return draft
	}
	d, err := envfile.Parse(s.t.format, draft)
	if err != nil {
		return draft
	}
	changes := changesBetween(s.before.Roots(), d.Roots())
	if len(changes) == 0 {
		return draft
	}
	notes := [][]byte{[]byte("your draft differs from the file as it is now in:")}
	for _, c := range changes {
		notes = append(notes, fmt.Appendf(nil, "  %s %s", changeSigns[c.Kind], clean(c.Path)))
	}
	notes = append(notes, []byte("keep what you want; what you save becomes the file"))
	return prepend(draft, notes)
}

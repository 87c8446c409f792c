package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
)

// A draft is a text that edit could not write. It is a sealed file with one
// value, for its author alone, and lies in the author's state directory, where no
// git finds it. There may be several of a file; the last is taken up first.

// draftPlace is a folder for drafts.
type draftPlace struct {
	dir  string
	temp bool // among files that do not last, in a folder that others could make first
}

// draftPlaces are where drafts go: what the first one cannot take, for there is no
// home or it cannot be written, goes to the second. The text must not be lost.
func (a *app) draftPlaces() []draftPlace {
	var places []draftPlace
	state := a.env("XDG_STATE_HOME")
	if home := keys.HomeDir(a.lookupEnv); !filepath.IsAbs(state) && filepath.IsAbs(home) {
		state = filepath.Join(home, ".local", "state")
	}
	if filepath.IsAbs(state) {
		places = append(places, draftPlace{dir: filepath.Join(state, "sealcfg", "drafts")})
	}
	if temp, err := filepath.Abs(os.TempDir()); err == nil {
		places = append(places, draftPlace{filepath.Join(temp, fmt.Sprintf("sealcfg-drafts-%d", os.Getuid())), true})
	}
	return places
}

// make makes the folder.
func (p draftPlace) make() error {
	if p.temp {
		return scratch.MakePrivate(p.dir)
	}
	return atomicfile.MkdirAll(p.dir, 0o700)
}

// last returns the last draft of a file in a place, "" if there is none, and the
// path of the one that would follow it.
func (p draftPlace) last(t *target) (last, next string, err error) {
	if p.temp {
		if err := scratch.Private(p.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", "", err
		}
	}
	sum := sha256.Sum256([]byte(t.path))
	for n := 1; ; n++ {
		next = filepath.Join(p.dir, fmt.Sprintf("%x-%d.yaml", sum[:8], n))
		if _, err := os.Lstat(next); errors.Is(err, fs.ErrNotExist) {
			return last, next, nil
		} else if err != nil {
			return "", "", err
		}
		last = next
	}
}

// lastDraft returns the last draft of a file, "" if there is none.
func (a *app) lastDraft(t *target) (string, error) {
	var failed error
	for _, place := range a.draftPlaces() {
		last, _, err := place.last(t)
		if last != "" {
			return last, nil
		}
		failed = errors.Join(failed, err)
	}
	return "", failed
}

// takeUpDraft puts the last draft into the editor, if it is to be resumed, or
// says that there is one.
func (s *editSession) takeUpDraft(ctx context.Context, resume bool) error {
	a, t := s.app, s.t
	path, err := a.lastDraft(t)
	switch {
	case !resume && err == nil && path != "":
		a.warn("there is a draft of %s from an edit that could not be written; sealcfg edit --resume %s takes it up", t.shown, t.name)
		return nil
	case !resume: // one that cannot be looked for is no reason not to edit
		return nil
	case err != nil:
		return err
	case path == "":
		return fmt.Errorf("%s: there is no draft to resume", t.shown)
	}
	text, err := a.readDraft(ctx, t, path)
	if err != nil {
		return fmt.Errorf("read the draft %s: %w", path, err)
	}
	s.draft, s.start = path, s.resumed(text)
	return nil
}

func (s *editSession) dropDraft() error {
	if s.draft == "" {
		return nil
	}
	return os.Remove(s.draft)
}

const (
	draftOf   = "of_unencrypted" // which file it is a draft of, for people
	draftText = "text"
	// draftRaw holds in base64 what no string of the format can: a text need not
	// be UTF-8 only because it came from an editor.
	draftRaw = "text_base64"
)

// writeDraft seals the text and writes it where it can be, and returns where. A
// draft that was resumed is replaced, another is not.
func (s *editSession) writeDraft(ctx context.Context, text []byte) (path string, temp bool, err error) {
	sealed, err := s.sealDraft(ctx, text)
	if err != nil {
		return "", false, err
	}
	if s.draft != "" {
		if err = atomicfile.Write(ctx, s.draft, sealed.Bytes(), atomicfile.Options{Private: true}); err == nil {
			return s.draft, false, nil
		}
	}
	for _, place := range s.app.draftPlaces() {
		failed := place.make()
		if failed == nil {
			if _, path, failed = place.last(s.t); failed == nil {
				failed = atomicfile.Write(ctx, path, sealed.Bytes(), atomicfile.Options{Private: true, NoClobber: true})
			}
		}
		if failed == nil {
			return path, place.temp, nil
		}
		err = errors.Join(err, failed)
	}
	return "", false, err
}

func (s *editSession) sealDraft(ctx context.Context, text []byte) (*envfile.Sealed, error) {
	to, err := s.draftRecipients(ctx)
	if err != nil {
		return nil, err
	}
	d, err := envfile.Parse(envfile.YAML, []byte(draftOf+": x\n"))
	if err != nil {
		return nil, err
	}
	set := func(key, value string) (*envfile.Document, error) {
		return d.Apply(envfile.Set(envfile.Path{{Key: draftOf}}, crypto.Str, s.t.path), envfile.Set(envfile.Path{{Key: key}}, crypto.Str, value))
	}
	plain, err := set(draftText, string(text))
	if err != nil || !utf8.Valid(text) {
		if plain, err = set(draftRaw, base64.StdEncoding.EncodeToString(text)); err != nil {
			return nil, err
		}
	}
	sealed, _, err := envfile.Seal(ctx, plain, envfile.Rules{}, to)
	return sealed, err
}

// draftRecipients are the author's own; if an identity does not tell its
// recipient, those of the file.
func (s *editSession) draftRecipients(ctx context.Context) (envfile.Recipients, error) {
	ids, err := s.app.loadIdentities(ctx)
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
	if len(group) > 0 {
		return envfile.Recipients{Groups: [][]keys.Recipient{group}}, nil
	}
	_, rule, err := s.t.rule()
	if err != nil {
		return envfile.Recipients{}, err
	}
	return rule.Recipients(keys.Default)
}

func (a *app) readDraft(ctx context.Context, t *target, path string) ([]byte, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := envfile.ParseSealed(envfile.YAML, src)
	if err != nil {
		return nil, err
	}
	ids, err := a.identitiesFor(ctx, t)
	if err != nil {
		return nil, err
	}
	o, err := s.Open(ctx, ids...)
	if err != nil {
		return nil, err
	}
	root := o.Roots()[0]
	if n := root.Get(draftText); n != nil {
		return []byte(n.Text), nil
	}
	if n := root.Get(draftRaw); n != nil {
		text, err := base64.StdEncoding.DecodeString(n.Text)
		if err != nil {
			return nil, fmt.Errorf("%s is not base64", draftRaw)
		}
		return text, nil
	}
	return nil, fmt.Errorf("%s: %w", draftText, envfile.ErrNoField)
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

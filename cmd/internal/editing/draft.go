package editing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/keys"
)

// Drafts are files with the text that edit could not write, and the base that the
// text was made from. They are encrypted for their author alone, and stored in the
// author's state directory, where git does not find them. A file may have several
// drafts; edit --resume takes the last.

const DraftsDir = "drafts"

// draftName is the name of the nth draft of a file.
func draftName(path string, n int) string {
	sum := sha256.Sum256([]byte(path))
	return fmt.Sprintf("%x-%d.yaml", sum[:8], n)
}

// lastDraft returns the last draft of a file, or "".
func lastDraft(a *cli.App, path string) (string, error) {
	for _, place := range a.StateDirs(DraftsDir) {
		for _, dir := range place.Dirs() {
			last, _, err := draftsIn(dir, path)
			if last != "" || err != nil {
				return last, err
			}
		}
	}
	return "", nil
}

// draftsIn returns the last draft of a file in a directory, or "", and the name of
// the next one.
func draftsIn(dir, path string) (last, next string, err error) {
	for n := 1; ; n++ {
		next = draftName(path, n)
		full := filepath.Join(dir, next)
		if _, err := os.Lstat(full); errors.Is(err, fs.ErrNotExist) {
			return last, next, nil
		} else if err != nil {
			return "", "", err
		}
		last = full
	}
}

// WarnForeignDrafts warns of a directory for drafts that is not the user's.
func WarnForeignDrafts(a *cli.App) {
	for _, place := range a.StateDirs(DraftsDir) {
		if dir := place.Foreign(); dir != "" {
			a.Warn("%s belongs to another user, or others can enter it: no draft is read from it or written to it", cli.Shown(dir))
		}
	}
}

// takeUpDraft puts the last draft into the editor if resume is true. Otherwise it
// warns if there is one.
func (s *session) takeUpDraft(ctx context.Context, resume bool) error {
	a, t := s.app, s.t
	path, err := lastDraft(a, t.Path)
	switch {
	case !resume && err == nil && path != "":
		a.Warn("there is a draft of %s from an edit that could not be written; to continue it, run: sealcfg edit --resume %s", t.Shown, t.Name)
		return nil
	case !resume: // an edit does not need the drafts
		return nil
	case err != nil:
		return err
	case path == "":
		WarnForeignDrafts(a)
		return cli.WithHint(fmt.Errorf("%s: there is no draft to resume", t.Shown), "list the drafts: sealcfg draft list")
	}
	d, err := ReadDraft(ctx, a, t, path)
	if err != nil {
		return fmt.Errorf("read the draft %s: %w", path, err)
	}
	s.draft, s.start = path, d.Text
	return s.bringUpToDate(d)
}

// bringUpToDate merges the changes that others have made to the file since the draft
// was begun into the text. A draft that cannot be parsed is merged once it can.
func (s *session) bringUpToDate(d *draft) error {
	switch {
	case s.before == nil && d.base == nil:
		return nil
	case s.before == nil:
		if s.prefer == Mine {
			return nil // it is made again
		}
		err := fmt.Errorf("%s: the file was removed after the draft was begun", s.t.Shown)
		return cli.WithHint(err, "to make it again from the draft, run: sealcfg edit --resume %[1]s --take draft\nto remove the draft, run: sealcfg draft drop %[1]s", s.t.Name)
	case bytes.Equal(d.base, s.before.Bytes()):
		return nil
	}
	var err error
	if d.base != nil {
		if s.base, err = envfile.Parse(s.t.Format, d.base); err != nil {
			return s.t.At(err)
		}
	}
	s.stale = true
	mine, err := envfile.Parse(s.t.Format, d.Text)
	if err != nil {
		return nil //nolint:nilerr // the editor shows the error once the text is saved
	}
	merged, err := s.merged(mine)
	if err != nil {
		return s.conflictHint(err)
	}
	s.base, s.stale, s.start = nil, false, merged.Bytes()
	if changes := cli.ChangesBetween(mine.Roots(), merged.Roots()); len(changes) > 0 {
		notes := [][]byte{[]byte("your draft, with the changes of others to the file since:")}
		for _, c := range changes {
			notes = append(notes, fmt.Appendf(nil, "  %s %s", cli.ChangeSigns[c.Kind], cli.Clean(c.String())))
		}
		s.start = prepend(s.start, notes)
	}
	return nil
}

// dropDraft removes the draft that was resumed.
func (s *session) dropDraft() error {
	if s.draft == "" {
		return nil
	}
	return os.Remove(s.draft)
}

// The fields of a draft.
const (
	DraftOf = "of_unencrypted" // the path of the file
	// The text, and the one that it was made from. Without a base, the file was new.
	draftText = "text"
	draftBase = "base"
	// draftRaw is added to the name of a field that is in base64: it is not UTF-8.
	draftRaw = "_base64"
)

// A draft is the decrypted contents of a draft's file.
type draft struct{ Text, base []byte } // base is nil for a new file

// writeDraft encrypts the text and writes it where it can be, and returns where. A
// draft that was resumed is replaced, another is not.
func (s *session) writeDraft(ctx context.Context, text []byte) (path string, temp bool, err error) {
	sealed, err := s.sealDraft(ctx, text)
	if err != nil {
		return "", false, err
	}
	if s.draft != "" {
		if err = atomicfile.Write(ctx, s.draft, sealed.Bytes(), atomicfile.Options{Private: true}); err == nil {
			return s.draft, false, nil
		}
	}
	for _, place := range s.app.StateDirs(DraftsDir) {
		dir, failed := place.MakeDir()
		var name string
		if failed == nil {
			_, name, failed = draftsIn(dir, s.t.Path)
		}
		if failed == nil {
			path, failed = place.Write(ctx, name, sealed.Bytes(), atomicfile.Options{NoClobber: true})
		}
		if failed == nil {
			if place.Foreign() != "" {
				WarnForeignDrafts(s.app)
			}
			return path, place.Temp, nil
		}
		err = errors.Join(err, failed)
	}
	return "", false, err
}

func (s *session) sealDraft(ctx context.Context, text []byte) (*envfile.Sealed, error) {
	to, err := s.draftRecipients(ctx)
	if err != nil {
		return nil, err
	}
	d, err := envfile.Parse(envfile.YAML, []byte(DraftOf+": x\n"))
	if err != nil {
		return nil, err
	}
	if d, err = d.Apply(envfile.Set(envfile.Path{{Key: DraftOf}}, crypto.Str, s.t.Path)); err != nil {
		return nil, err
	}
	if d, err = withText(d, draftText, text); err != nil {
		return nil, err
	}
	base := s.before
	if s.stale {
		base = s.base
	}
	if base != nil {
		if d, err = withText(d, draftBase, base.Bytes()); err != nil {
			return nil, err
		}
	}
	sealed, _, err := envfile.Seal(ctx, d, envfile.Rules{}, to)
	return sealed, err
}

// withText adds a field to a draft: a string, or base64 if no string of the format
// can hold the text.
func withText(d *envfile.Document, key string, text []byte) (*envfile.Document, error) {
	if utf8.Valid(text) {
		if with, err := d.Apply(envfile.Set(envfile.Path{{Key: key}}, crypto.Str, string(text))); err == nil {
			return with, nil
		}
	}
	return d.Apply(envfile.Set(envfile.Path{{Key: key + draftRaw}}, crypto.Str, base64.StdEncoding.EncodeToString(text)))
}

// draftRecipients returns the author's recipients. If no identity knows its
// recipient, it returns the recipients of the file.
func (s *session) draftRecipients(ctx context.Context) (envfile.Recipients, error) {
	ids, err := s.app.LoadIdentities(ctx)
	if err != nil {
		return envfile.Recipients{}, err
	}
	var group []keys.Recipient
	for _, name := range cli.OwnRecipients(ids) {
		r, err := keys.ParseAgeRecipient(name)
		if err != nil {
			return envfile.Recipients{}, err
		}
		group = append(group, r)
	}
	if len(group) > 0 {
		return envfile.Recipients{Groups: [][]keys.Recipient{group}}, nil
	}
	_, rule, err := s.t.Rule()
	if err != nil {
		return envfile.Recipients{}, err
	}
	return rule.Recipients(keys.Default)
}

func ReadDraft(ctx context.Context, a *cli.App, t *cli.Target, path string) (*draft, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := envfile.ParseSealed(envfile.YAML, src)
	if err != nil {
		return nil, err
	}
	ids, err := a.IdentitiesFor(ctx, t)
	if err != nil {
		return nil, err
	}
	o, err := s.Open(ctx, ids...)
	if err != nil {
		return nil, err
	}
	root := o.Roots()[0]
	text, err := textIn(root, draftText)
	if err == nil && text == nil {
		err = fmt.Errorf("%s: %w", draftText, envfile.ErrNoField)
	}
	base, baseErr := textIn(root, draftBase)
	return &draft{text, base}, errors.Join(err, baseErr)
}

// textIn returns a field of a draft, or nil.
func textIn(root *envfile.Node, key string) ([]byte, error) {
	if n := root.Get(key); n != nil {
		return []byte(n.Text), nil
	}
	n := root.Get(key + draftRaw)
	if n == nil {
		return nil, nil
	}
	text, err := base64.StdEncoding.DecodeString(n.Text)
	if err != nil {
		return nil, fmt.Errorf("%s is not base64", key+draftRaw)
	}
	return text, nil
}

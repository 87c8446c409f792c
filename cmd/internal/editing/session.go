// Package editing takes the plaintext of a file through an editor, keeps drafts, and merges the
// changes that others made in the meantime.
package editing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/editor"
	"github.com/sealcfg/sealcfg/internal/regular"
	"github.com/sealcfg/sealcfg/internal/scratch"
)

// A session takes one plaintext through the editor.
type session struct {
	app    *cli.App
	t      *cli.Target
	rule   *environments.Rule // of policy, for a new file
	opened *envfile.Opened    // nil for a new file
	other  *cli.PolicyRules   // rules of the policy, nil if they are the rules of the file
	before *envfile.Document  // nil for a new file
	asIs   []byte             // the text without a change
	start  []byte             // the first text for the editor
	draft  string             // path of the draft that is resumed, or ""
	stale  bool               // the text was made from base and not from before
	base   *envfile.Document  // nil if the file was new then
	prefer Side               // for fields that were changed in the file and in the text
	sealed *envfile.Sealed    // the encrypted text of the editor
	doc    *envfile.Document  // the contents of sealed
	dir    *scratch.Dir
	editor editor.Command
	ran    time.Duration // of the last run of the editor
}

// Edit lets the user change a file in the editor, and reports whether the file was
// changed.
func Edit(ctx context.Context, a *cli.App, t *cli.Target, resume bool, prefer Side) (changed bool, err error) {
	s := &session{app: a, t: t, prefer: prefer}
	if err := s.load(ctx); err != nil {
		return false, err
	}
	if err := s.takeUpDraft(ctx, resume); err != nil {
		return false, err
	}
	if s.editor, err = editor.Choose(a.LookupEnv, exec.LookPath); err != nil {
		return false, err
	}
	s.dir, err = scratch.New(a.ScratchDirs())
	if err != nil {
		return false, err
	}
	defer func() {
		if closeErr := s.dir.Close(); closeErr != nil {
			err = errors.Join(err, fmt.Errorf("cannot remove the plaintext of %s: %w", t.Shown, closeErr))
		}
	}()
	ctx, stop := s.dir.CloseOn(ctx, scratch.Signals()...)
	defer stop()

	text, doc, err := s.edit(ctx)
	switch {
	case errors.Is(err, errNotSaved):
		a.Say("%s: you left the editor without saving; the file and your draft are unchanged", t.Shown)
		return false, a.ReportChanges(nil)
	case err != nil:
		return false, err
	case doc == nil:
		if err := s.unchanged(); err != nil {
			return false, err
		}
		return false, s.dropDraft()
	}
	if s.opened != nil && !s.opened.Bound() {
		s.app.NoteUnbound(s.t.Shown)
	}
	err = s.write(ctx, doc)
	switch {
	case errors.Is(err, atomicfile.ErrInPlace): // the file is written, so the draft is not needed
		return true, errors.Join(err, s.dropDraft())
	case err != nil:
		return false, s.keep(text, err)
	}
	return true, s.dropDraft()
}

// load decrypts the file. For a new file, it checks that a policy covers it.
func (s *session) load(ctx context.Context) error {
	if !s.t.Env.Exists {
		return s.begin(ctx)
	}
	var err error
	if s.opened, err = s.app.Open(ctx, s.t); err != nil {
		return err
	}
	if s.other, err = s.app.CheckPolicy(ctx, s.t, s.opened); err != nil {
		return err
	}
	if s.before, err = s.opened.Document(); err != nil {
		return s.t.At(err)
	}
	s.asIs, s.start = s.before.Bytes(), s.before.Bytes()
	return nil
}

// begin prepares a new file. Before the editor starts, it checks that the file can be
// encrypted and that the user can decrypt the result.
func (s *session) begin(ctx context.Context) error {
	a := s.app
	policy, rule, err := s.t.Rule()
	if err != nil {
		return err
	}
	blank := newText(s.t)
	d, err := envfile.Parse(s.t.Format, []byte(blank.trial))
	if err != nil {
		return err
	}
	trial, err := cli.SealNew(ctx, s.t, rule, d)
	if err != nil {
		return err
	}
	if err := a.CanOpen(ctx, s.t, trial); err != nil {
		return a.LockedOut(s.t, policy, trial, err, cli.AddYourself(rule))
	}
	s.rule = rule
	text := blank.remark(fmt.Sprintf("New: %s. Write settings as %s; save and quit to encrypt them.", filepath.Base(s.t.Path), blank.called))
	if project, err := a.Project(); err == nil {
		if guess := project.Closest(s.t.Name); guess != "" && guess != s.t.Name {
			text += blank.remark(fmt.Sprintf("If you meant %s, which exists: quit without a change.", guess))
		}
	}
	text += blank.body
	s.asIs, s.start = []byte(text), []byte(text)
	return nil
}

// beginning holds the first contents of a new file of a format.
type beginning struct {
	called string
	mark   string // starts a comment; "" if the format has no comments
	body   string
	trial  string // contents for a trial encryption
}

func newText(t *cli.Target) beginning {
	switch t.Format {
	case envfile.YAML:
		return beginning{"YAML", "# ", "", "a: b\n"}
	case envfile.JSON:
		return beginning{"JSON", "", "{\n}\n", `{"a": "b"}`}
	case envfile.Dotenv:
		return beginning{"NAME=value", "# ", "", "A=b\n"}
	case envfile.INI:
		return beginning{"INI", "; ", "", "a = b\n"}
	case envfile.TOML:
		return beginning{"TOML", "# ", "", "a = \"b\"\n"}
	}
	return beginning{"text", "", "", "a"}
}

func (b beginning) remark(text string) string {
	if b.mark == "" {
		return ""
	}
	return b.mark + text + "\n"
}

// edit runs the editor until the text can be parsed and encrypted. doc is nil if the text
// did not change.
func (s *session) edit(ctx context.Context) (text []byte, doc *envfile.Document, err error) {
	given, line := s.start, 0
	for {
		edited, saved, err := s.runEditor(ctx, given, line)
		text = withoutNotes(edited)
		if err != nil {
			if errors.Is(err, ErrEditor) || bytes.Equal(text, withoutNotes(s.start)) {
				return nil, nil, err // the user gave up, or did not change the text
			}
			return nil, nil, s.keep(text, err)
		}
		if bytes.Equal(edited, given) {
			if err := s.waited(); err != nil {
				return nil, nil, err
			}
			if s.draft != "" && !saved {
				return nil, nil, errNotSaved
			}
		}
		if bytes.Equal(text, s.asIs) {
			return text, nil, nil
		}
		doc, err = envfile.Parse(s.t.Format, text)
		if err == nil {
			err = doc.Once()
		}
		if err == nil {
			err = s.seal(ctx, doc)
		}
		if err == nil {
			return text, s.doc, nil
		}
		var conflict *ConflictError
		if errors.As(err, &conflict) {
			return nil, nil, s.keep(text, err)
		}
		// Saving the broken text without a change gives up.
		givenUp := line > 0 && bytes.Equal(edited, given)
		if givenUp || !s.app.Interactive() {
			return nil, nil, s.keep(text, s.t.At(err))
		}
		given, line = withNote(text, err)
	}
}

// seal encrypts the text. Some mistakes, such as an alias to an encrypted value, show only
// now, while the editor can still be started again.
func (s *session) seal(ctx context.Context, doc *envfile.Document) (err error) {
	if s.opened == nil {
		s.doc = doc
		s.sealed, err = cli.SealNew(ctx, s.t, s.rule, doc)
		return err
	}
	if s.doc, err = s.merged(doc); err != nil {
		return err
	}
	if err := s.app.Guard(s.t, s.opened, s.doc, s.other); err != nil {
		return err
	}
	s.sealed, err = s.opened.Reseal(s.doc)
	return err
}

// merged returns doc with the changes that others made to the file since the text was
// read.
func (s *session) merged(doc *envfile.Document) (*envfile.Document, error) {
	if !s.stale {
		return doc, nil
	}
	merged, err := threeWay{base: s.base, mine: doc, theirs: s.before, prefer: s.prefer}.merge()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.t.Shown, err)
	}
	return merged, nil
}

var (
	ErrEditor = errors.New("editor failed")
	// errNotSaved is returned for a draft that stays unchanged.
	errNotSaved = errors.New("not saved")
)

// runEditor runs the editor with a text. It returns the edited text, and whether the
// editor has saved it. After an error, edited is the last text that could be read.
func (s *session) runEditor(ctx context.Context, text []byte, line int) (edited []byte, saved bool, err error) {
	path, err := s.dir.WriteFile(filepath.Base(s.t.Path), text)
	if ctx.Err() != nil { // after a signal, the directory has been removed
		return text, false, context.Cause(ctx)
	}
	if err != nil {
		return text, false, err
	}
	// Older than now, so that a save within one tick of the clock changes the time, too.
	past := time.Now().Add(-time.Minute)
	_ = os.Chtimes(path, past, past)
	given, _ := os.Stat(path)
	// Package editor handles signals now. The plaintext stays until it has been read back:
	// if it cannot be written, it becomes a draft.
	release := s.dir.Hold(scratch.Signals()...)
	defer release()
	a := s.app
	restore := a.KeepTerminal()
	res, err := editor.Run(ctx, s.editor, path, line, editor.Stdio{In: a.Stdin, Out: a.Stdout, Err: a.Stderr.File})
	s.ran = res.Ran
	if err != nil || res.ExitCode != 0 {
		restore() // a killed editor may not have restored it
	}
	now, _ := os.Stat(path)
	saved = given == nil || now == nil || !os.SameFile(given, now) || !given.ModTime().Equal(now.ModTime())
	edited, readErr := regular.Read(path, math.MaxInt64-1) // an editor may leave anything there
	switch {
	case readErr != nil:
		return text, false, errors.Join(err, fmt.Errorf("read the text from %s: %w", s.editor.Name(), readErr))
	case err == nil && res.ExitCode != 0:
		err = cli.Quietly(ErrEditor, fmt.Errorf("%s ended with exit code %d; %s is unchanged", s.editor.Name(), res.ExitCode, s.t.Shown))
	}
	return edited, saved, err
}

// atOnce is the shortest time of an edit. An editor that returns earlier without a change
// did not wait for its window.
const atOnce = 500 * time.Millisecond

// waited returns an error if the editor returned before its window was closed, and nil if
// the user made no change.
func (s *session) waited() error {
	flag, needs := editor.NeedsWait(s.editor)
	if !needs || s.ran >= 10*time.Second {
		return nil
	}
	err := fmt.Errorf("%s returned at once and did not wait for its window; %s is unchanged", s.editor.Name(), s.t.Shown)
	if flag == "" {
		return cli.WithHint(err, "set EDITOR to an editor that waits, such as nano or vim")
	}
	return cli.WithHint(err, "set EDITOR='%s %s'", s.editor.Name(), flag)
}

func (s *session) unchanged() error {
	a := s.app
	a.Say("%s: no change; file not written", s.t.Shown)
	if s.ran < atOnce && a.Interactive() {
		a.Say("(%s returned at once; an editor with a window needs a flag that makes it wait)", s.editor.Name())
	}
	return a.ReportChanges(nil)
}

// write replaces the file. If another process has written it since it was read, write
// merges the changes into the new contents.
func (s *session) write(ctx context.Context, doc *envfile.Document) error {
	for try := 1; ; try++ {
		err := s.writeOnce(ctx, doc)
		if !errors.Is(err, atomicfile.ErrChanged) || s.before == nil || try == cli.ManyTries || ctx.Err() != nil {
			return err
		}
		mine, before := doc, s.before
		if loadErr := s.load(ctx); loadErr != nil {
			return errors.Join(err, loadErr)
		}
		s.base, s.stale = before, true
		if err := s.seal(ctx, mine); err != nil {
			return err
		}
		doc, s.base, s.stale = s.doc, nil, false
		if theirs := cli.ChangesBetween(mine.Roots(), doc.Roots()); len(theirs) > 0 {
			s.app.Say("note: another process changed %s while you edited it; these changes were kept: %s", s.t.Shown, cli.ListChanges(theirs))
		}
	}
}

func (s *session) writeOnce(ctx context.Context, doc *envfile.Document) error {
	a, t := s.app, s.t
	if s.before != nil {
		if err := a.WarnValues(t, doc, s.opened.Sealed().Metadata().Rules); err != nil {
			return err
		}
		if t.Format == envfile.Binary && !bytes.HasSuffix(s.before.Bytes(), cli.Newline) && bytes.HasSuffix(doc.Bytes(), cli.Newline) {
			a.Warn("%s: it ends in a line break now, which is a part of it; editors add one by themselves", t.Shown)
		}
		return a.ReplaceSealed(ctx, t, s.opened.Sealed(), s.sealed, s.before, doc)
	}
	a.WarnOpaque(t, doc.Bytes())
	if err := a.WarnValues(t, doc, s.rule.Rules); err != nil {
		return err
	}
	if err := atomicfile.MkdirAll(filepath.Dir(t.Path), 0o755); err != nil {
		return err
	}
	if err := a.Save(ctx, t, s.sealed, nil); err != nil {
		return err
	}
	a.Say("made %s", t.Shown)
	a.NoteGiven(t, s.rule)
	return a.ReportChanges(cli.ChangesTo(s.sealed, nil, doc.Roots()))
}

// keep saves the text as an encrypted draft after the error cause.
func (s *session) keep(text []byte, cause error) error {
	// The command's context may have ended: an interrupted edit is kept, too.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	path, temp, err := s.writeDraft(ctx, text)
	if err != nil {
		return errors.Join(cause, fmt.Errorf("your text could not be kept as a draft: %w", err))
	}
	hint := "your text is kept as an encrypted draft; to continue it, run: sealcfg edit --resume " + s.t.Name
	if temp {
		hint += fmt.Sprintf("\nresume soon: the draft is in a temporary directory (%s), because your state directory is not writable; to keep drafts elsewhere, set XDG_STATE_HOME", cli.Shown(filepath.Dir(path)))
	}
	var conflict *ConflictError
	switch {
	case errors.As(cause, &conflict):
		return cli.WithHint(cause, "your text is kept as an encrypted draft\n%s", s.takeHint())
	case errors.Is(cause, atomicfile.ErrChanged) || errors.Is(cause, atomicfile.ErrExists):
		hint = "another process has written the file while you edited it\n" + hint
	}
	if own := s.app.Hint(cause); own != "" && !errors.Is(cause, atomicfile.ErrChanged) && !errors.Is(cause, atomicfile.ErrExists) {
		hint = own + "\n" + hint
	}
	return cli.WithHint(cause, "%s", hint)
}

// takeHint returns the hint for a conflict.
func (s *session) takeHint() string {
	return fmt.Sprintf("to keep your changes to these fields, run: sealcfg edit --resume %[1]s --take draft\n"+
		"to keep the file's, run: sealcfg edit --resume %[1]s --take file\nto see your text, run: sealcfg draft show %[1]s", s.t.Name)
}

// conflictHint adds the hint for a conflict to an error.
func (s *session) conflictHint(err error) error { return cli.WithHint(err, "%s", s.takeHint()) }

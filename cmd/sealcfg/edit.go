package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/editor"
	"github.com/sealcfg/sealcfg/internal/scratch"
)

type editOptions struct {
	app    *app
	env    string
	resume bool
}

func newEditCmd(a *app) *cobra.Command {
	o := &editOptions{app: a}
	cmd := &cobra.Command{
		Use:   "edit ENV",
		Short: "Change an environment in your editor",
		Long: `Edit opens the plain text in $SOPS_EDITOR, $VISUAL or $EDITOR, else vi or nano, and
seals what you save. Values that you did not touch keep their ciphertext. An
environment that does not exist is made, if .sops.yaml has a rule for it.

The plain text lies in memory where the system has a memory file system, in a
folder that only you can enter, and is gone on every way out. If it cannot be
sealed (the file has changed meanwhile, or you were cut off) your text is kept,
encrypted, and sealcfg edit --resume ENV takes it up again.`,
		Example: `  sealcfg edit prod
  EDITOR='code --wait' sealcfg edit prod
  sealcfg edit --resume prod`,
		Args:              exactly(1, "one ENV"),
		ValidArgsFunction: a.completeEnv,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = args[0]
			return runEdit(cmd, o)
		},
	}
	cmd.Flags().BoolVar(&o.resume, "resume", false, "take up the text that an earlier edit could not write")
	return cmd
}

// editSession is one plain text on its way through the editor and back.
type editSession struct {
	app    *app
	t      *target
	opened *envfile.Opened   // nil for a new file
	before *envfile.Document // nil for a new file
	start  []byte            // what the editor is given first
	dir    *scratch.Dir
	editor editor.Command
	ran    time.Duration // of the last run of the editor
}

func runEdit(cmd *cobra.Command, o *editOptions) error {
	a := o.app
	t, err := a.target(o.env)
	if err != nil {
		return err
	}
	s := &editSession{app: a, t: t}
	if err := s.load(cmd.Context()); err != nil {
		return err
	}
	draft, err := a.readDraft(cmd.Context(), t)
	if err != nil {
		return err
	}
	switch {
	case o.resume && draft == nil:
		return fmt.Errorf("%s: there is no draft to resume", t.shown)
	case o.resume:
		s.start = s.resumed(draft)
	case draft != nil:
		a.warn("there is a draft of %s from an edit that could not be written; sealcfg edit --resume %s takes it up", t.shown, o.env)
	}
	if s.editor, err = editor.Choose(a.lookupEnv, exec.LookPath); err != nil {
		return err
	}
	s.dir, err = scratch.New(scratch.Options{Memory: []string{"/dev/shm", a.env("XDG_RUNTIME_DIR")}, Temp: os.TempDir()})
	if err != nil {
		return err
	}
	defer s.dir.Close()
	ctx, stop := s.dir.CloseOn(cmd.Context(), scratch.Signals()...)
	defer stop()

	text, doc, err := s.edit(ctx)
	if err != nil {
		return err
	}
	if doc == nil {
		return s.unchanged()
	}
	if err := s.write(cmd, doc); err != nil {
		return s.keep(text, err)
	}
	return a.dropDraft(t)
}

// load opens the file, or checks that policy covers a new one.
func (s *editSession) load(ctx context.Context) error {
	if !s.t.env.Exists {
		if _, _, err := s.t.rule(); err != nil {
			return err
		}
		s.start = fmt.Appendf(nil, "# New: %s. Write settings as YAML; save and quit to seal them.\n", filepath.Base(s.t.path))
		return nil
	}
	var err error
	if s.opened, err = s.app.open(ctx, s.t); err != nil {
		return err
	}
	if err := s.app.checkPolicy(s.t, s.opened.Sealed().Metadata()); err != nil {
		return err
	}
	if s.before, err = s.opened.Document(); err != nil {
		return s.t.at(err)
	}
	s.start = s.before.Bytes()
	return nil
}

// edit runs the editor until the text parses. doc is nil if nothing changed.
func (s *editSession) edit(ctx context.Context) (text []byte, doc *envfile.Document, err error) {
	text = s.start
	line := 0
	for {
		edited, err := s.runEditor(ctx, text, line)
		if err != nil {
			if changed := withoutNotes(edited); changed != nil && !bytes.Equal(changed, withoutNotes(s.start)) && !errors.Is(err, errEditor) {
				return nil, nil, s.keep(changed, err)
			}
			return nil, nil, err
		}
		clean := withoutNotes(edited)
		if s.before != nil && bytes.Equal(clean, s.before.Bytes()) || s.before == nil && bytes.Equal(clean, s.start) {
			return clean, nil, nil
		}
		doc, err = envfile.Parse(s.t.format, clean)
		if err == nil {
			err = s.trial(doc)
		}
		if err == nil {
			return clean, doc, nil
		}
		if bytes.Equal(edited, text) && line > 0 {
			// Saved without a change although it is broken: the way out.
			return nil, nil, s.keep(clean, s.t.at(err))
		}
		if !s.app.interactive() {
			return nil, nil, s.keep(clean, s.t.at(err))
		}
		text, line = withNote(clean, err)
	}
}

// trial finds what only sealing finds, such as an alias to a sealed value, while
// the editor can still be opened again.
func (s *editSession) trial(doc *envfile.Document) error {
	if s.opened == nil {
		return nil
	}
	_, err := s.opened.Reseal(doc)
	return err
}

var errEditor = errors.New("editor failed")

func (s *editSession) runEditor(ctx context.Context, text []byte, line int) ([]byte, error) {
	path, err := s.dir.WriteFile(filepath.Base(s.t.path), text)
	if err != nil {
		return nil, err
	}
	release := s.dir.Hold(os.Interrupt)
	defer release()
	a := s.app
	res, err := editor.Run(ctx, s.editor, path, line, editor.Stdio{In: a.in, Out: a.out, Err: a.err})
	s.ran = res.Ran
	edited, readErr := os.ReadFile(path)
	if err == nil && res.ExitCode != 0 {
		err = fmt.Errorf("%s ended with exit code %d; %s is unchanged%w", s.editor.Name(), res.ExitCode, s.t.shown, quiet{errEditor})
	}
	if err != nil {
		return edited, err
	}
	return edited, readErr
}

// atOnce is how long a person needs at least: an editor that is back sooner,
// with nothing changed, did not wait for its window.
const atOnce = 500 * time.Millisecond

func (s *editSession) unchanged() error {
	a := s.app
	if flag, needs := editor.NeedsWait(s.editor); needs && s.ran < 10*time.Second {
		err := fmt.Errorf("%s returned at once and did not wait for its window; %s is unchanged", s.editor.Name(), s.t.shown)
		if flag == "" {
			return withHint(err, "set EDITOR to an editor that waits, such as nano or vim")
		}
		return withHint(err, "set EDITOR='%s %s'", s.editor.Name(), flag)
	}
	a.say("%s: no change, nothing written", s.t.shown)
	if s.ran < atOnce && a.interactive() {
		a.say("(%s returned at once; an editor with a window needs a flag that makes it wait)", s.editor.Name())
	}
	return a.reportChanges(nil)
}

// write seals the new text and replaces the file.
func (s *editSession) write(cmd *cobra.Command, doc *envfile.Document) error {
	a, t := s.app, s.t
	if s.before != nil {
		if err := a.warnTraps(t, doc, s.opened.Sealed().Metadata().Rules); err != nil {
			return err
		}
		return a.reseal(t, s.opened, s.before, doc)
	}
	sealed, err := a.sealNew(cmd, t, doc)
	if err != nil {
		return t.at(err)
	}
	if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
		return err
	}
	if err := t.save(sealed, nil); err != nil {
		return err
	}
	a.say("made %s", t.shown)
	return a.reportChanges(changesBetween(nil, doc.Roots()))
}

// keep saves a text that could not be written as an encrypted draft.
func (s *editSession) keep(text []byte, cause error) error {
	// Not the command's context: it may be the interrupt that brings us here.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.app.writeDraft(ctx, s, text); err != nil {
		return errors.Join(cause, fmt.Errorf("your text could not be kept as a draft: %w", err))
	}
	hint := fmt.Sprintf("your text is kept, encrypted; sealcfg edit --resume %s takes it up again", s.t.name)
	if errors.Is(cause, atomicfile.ErrChanged) || errors.Is(cause, atomicfile.ErrExists) {
		hint = "somebody else has written the file while you edited it\n" + hint
	}
	return withHint(cause, "%s", hint)
}

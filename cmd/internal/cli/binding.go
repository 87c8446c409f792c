package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/regular"
)

// Expecting returns s with an expectation: its binding must fit the location, and must
// exist if a sealcfg.yaml requires it.
func (a *App) Expecting(t *Target, s *envfile.Sealed) (*envfile.Sealed, error) {
	location, err := t.Location()
	if err != nil {
		return nil, err
	}
	bound, err := a.MustBeBound(t)
	if err != nil {
		return nil, err
	}
	e := envfile.Expectation{Location: location.String(), Fits: location.Fits, Bound: bound && !t.Unbound}
	switch {
	case t.MayMove:
		e.Fits = func(string) bool { return true }
	case t.OldRoot != "":
		e.Fits = func(bound string) bool { return location.Fits(bound) || location.FitsFrom(t.OldRoot, bound) }
	}
	return s.Expect(e), nil
}

// NoteUnbound reports files without a binding that are about to get one.
func (a *App) NoteUnbound(files ...string) {
	switch len(files) {
	case 0:
	case 1:
		a.Say("note: %s has no binding, because sops wrote it last: its names, recipients and location were not authenticated; it gets a binding now", files[0])
	default:
		a.Say("note: %d files have no binding, because sops wrote them last: their names, recipients and locations were not authenticated; they get a binding now\n  %s",
			len(files), strings.Join(files, "\n  "))
	}
}

// maxSibling bounds the files that are compared with a file without a binding.
const maxSibling = 16 << 20 // bytes

// WarnUnbound warns of a file without a binding, once for each file, if another file of
// the same directory has one: sops wrote the file last, or an attacker removed the
// binding to pass off a file of another environment.
func (a *App) WarnUnbound(t *Target, meta *envfile.Metadata) {
	if meta.HasBinding() || t.Path == "" || t.Unplaced || t.Unbound {
		return
	}
	if _, told := a.told.LoadOrStore(t.Path, true); told {
		return
	}
	dir := filepath.Dir(t.Path)
	find, _ := a.boundIn.LoadOrStore(dir, sync.OnceValue(func() string { return boundFile(dir) }))
	if bound := find.(func() string)(); bound != "" {
		a.Warn("%s has no binding, but %s has one: sops wrote the file last, or someone removed the binding; review the change: git log -p -- %s", t.Shown, Shown(bound), t.Shown)
	}
}

// boundFile returns a file of a directory that has a binding, "" if no file has one.
func boundFile(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		src, err := regular.Read(path, maxSibling)
		if err != nil || !bytes.Contains(src, []byte("sealcfg")) {
			continue
		}
		format, _ := envfile.Detect(path, src)
		if s, err := envfile.ParseSealed(format, src); err == nil && s.Metadata().HasBinding() {
			return path
		}
	}
	return ""
}

// MustBeBound reports whether a sealcfg.yaml requires a binding of the file.
func (a *App) MustBeBound(t *Target) (bool, error) {
	if t.Path == "" {
		return false, nil // stdin has no path
	}
	config, err := t.config()
	if err != nil {
		return false, err
	}
	var unknown []error
	for _, e := range config.Unknown() {
		unknown = append(unknown, e)
	}
	if len(unknown) > 0 {
		return false, errors.Join(unknown...)
	}
	for _, file := range config.Files {
		if _, told := a.told.LoadOrStore(file.Path, true); !told {
			a.warnNoSuchEnvironment(file)
		}
	}
	return config.RequiresBinding(t.Path), nil
}

// warnNoSuchEnvironment warns of names in a sealcfg.yaml that are not environments: the
// requirement of a misspelled name has no effect.
func (a *App) warnNoSuchEnvironment(config *environments.ConfigFile) {
	project, err := environments.Find(filepath.Dir(config.Path))
	if err != nil {
		return
	}
	envs, err := project.Environments()
	if err != nil || len(envs) == 0 { // no environments here, or opening them reports the error
		return
	}
	for _, e := range config.Environments() {
		if slices.ContainsFunc(envs, func(env environments.Environment) bool { return env.Name == e.Name }) {
			continue
		}
		guess := ""
		if near := project.Closest(e.Name); near != "" {
			guess = "; did you mean " + near + "?"
		}
		a.Warn("%s:%d:%d: there is no environment %s%s", Shown(config.Path), e.Line, e.Column, e.Name, guess)
	}
}

// SeveralFilesHint is the hint for input that has documents of several encrypted files.
const SeveralFilesHint = "the text has documents of several files: split it at the --- lines, and decrypt each file separately"

// integrityHint adds the way back to an integrity error: how to find the change, and the
// command that accepts it. For stdin there is no file to name. replaced reports whether an
// unencrypted value replaced an encrypted one: sealcfg encrypt accepts only added values.
func integrityHint(t *Target, s *envfile.Sealed, replaced bool, err error) error {
	var located *envfile.BindingError
	switch {
	case errors.Is(err, envfile.ErrSeveralFiles):
		return WithHint(err, "%s", SeveralFilesHint)
	case !errors.Is(err, envfile.ErrIntegrity) || t.Path == "":
		return err
	case t.stdin != nil && errors.As(err, &located) && located.Tampered == envfile.BindingLocation:
		return WithHint(err, "set --filename to the path of the file on stdin; to decrypt it without comparing the location, run: sealcfg decrypt - --input-type %s", t.Format.Name())
	case t.stdin != nil:
		return err
	}
	review := "git log -p -- " + ShellWord(t.Shown)
	edited := "the file was edited without its key, or a merge mixed two versions; find the change: " + review
	var b *envfile.BindingError
	switch {
	case errors.As(err, &b) && b.Tampered == envfile.BindingLocation:
		return WithHint(err, "%s", RelocatedHint(t.governance.location, t.Name, b.Sealed, review))
	case b != nil && !s.Metadata().HasBinding():
		required := environments.ConfigName
		if config, configErr := t.config(); configErr == nil {
			required = Shown(config.BindingRequiredBy(t.Path))
		}
		return WithHint(err, "%s requires a binding; review the change: %s\nif one of you changed the file with sops, run: sealcfg rekey --accept-unbound %s", required, review, t.Name)
	case b != nil:
		return WithHint(err, "%s\nto accept the file, with the recipients in .sops.yaml, run: sealcfg rekey --accept-unbound %s", edited, t.Name)
	case errors.Is(err, envfile.ErrUnencrypted) && replaced:
		return WithHint(err, "to list the recoverable values and accept the file, run: sealcfg rekey --accept-mac %s\nif you did not change the file, find the change: %s", t.Name, review)
	case errors.Is(err, envfile.ErrUnencrypted):
		return WithHint(err, "if you added the value, encrypt it: sealcfg encrypt %s\nif not, find the change: %s", t.Name, review)
	}
	if t.Unplaced { // the shim names --ignore-mac too
		return err
	}
	if rules := s.Metadata().Rules; rules.EncryptedCommentRegex+rules.UnencryptedCommentRegex != "" {
		edited += "\nwith a selector that looks at comments, sops itself writes files that it cannot decrypt"
	}
	return WithHint(err, "%s\nto list the recoverable values and accept the file, run: sealcfg rekey --accept-mac %s", edited, t.Name)
}

// RelocatedHint returns the hint for a file that is bound to another location: what
// happened to the file, and the commands that accept and review it. find returns the
// current location. name is the argument of commands for the file, quoted for a shell.
func RelocatedHint(find func() (environments.Location, error), name, bound, review string) string {
	fact, argument := whence(find, name, bound)
	return fmt.Sprintf("%s\nto encrypt it for its current location, run: sealcfg rekey %s\nif you did not do this, someone replaced the file; review: %s",
		fact, argument, review)
}

// whence describes how a file came to a location that its binding does not fit. It also
// returns the argument of rekey that accepts the location.
func whence(find func() (environments.Location, error), name, bound string) (fact, argument string) {
	location, err := find()
	if err != nil || bound == "" {
		return "the file was encrypted for no location", name
	}
	switch change, origin := location.Explain(bound); change {
	case environments.Copied:
		return fmt.Sprintf("the file is a copy of %s", Shown(origin)), name
	case environments.RootMoved:
		fact = fmt.Sprintf("the root of the repository or the .sops.yaml moved: %s is now %s", CleanName(bound), location)
		if Below(origin, location.Root()) {
			return fact, ShellWord(Shown(origin)) // the whole project
		}
		return fact, name
	}
	return fmt.Sprintf("the file was moved, or copied and the original removed: it was %s", CleanName(bound)), name
}

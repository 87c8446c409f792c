package main

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

// location returns the location of the file. It is the zero Location if that is not
// known: for stdin without a name, and for callers of sops, which has no locations.
func (t *target) location() (environments.Location, error) {
	if t.path == "" || t.unplaced {
		return environments.Location{}, nil
	}
	return t.app.finder.Location(t.path)
}

// expecting returns the file such that its binding is compared with its location, and
// is required where a sealcfg.yaml requires one.
func (a *app) expecting(t *target, s *envfile.Sealed) (*envfile.Sealed, error) {
	location, err := t.location()
	if err != nil {
		return nil, err
	}
	bound, err := a.mustBeBound(t)
	if err != nil {
		return nil, err
	}
	e := envfile.Expectation{Location: location.String(), Fits: location.Fits, Bound: bound && !t.unbound}
	switch {
	case t.mayMove:
		e.Fits = func(string) bool { return true }
	case t.oldRoot != "":
		e.Fits = func(bound string) bool { return location.Fits(bound) || location.FitsFrom(t.oldRoot, bound) }
	}
	return s.Expect(e), nil
}

// noteUnbound reports files without a binding that are about to get one.
func (a *app) noteUnbound(files ...string) {
	switch len(files) {
	case 0:
	case 1:
		a.say("note: %s has no binding, because sops wrote it last: its names, recipients and location were not authenticated; it gets a binding now", files[0])
	default:
		a.say("note: %d files have no binding, because sops wrote them last: their names, recipients and locations were not authenticated; they get a binding now\n  %s",
			len(files), strings.Join(files, "\n  "))
	}
}

// maxSibling bounds the files that are compared with a file without a binding.
const maxSibling = 16 << 20 // bytes

// warnUnbound warns of a file without a binding, once for each file, if another file of
// the same directory has one: sops wrote the file last, or an attacker removed the
// binding to pass off a file of another environment.
func (a *app) warnUnbound(t *target, meta *envfile.Metadata) {
	if meta.HasBinding() || t.path == "" || t.unplaced || t.unbound {
		return
	}
	if _, told := a.told.LoadOrStore(t.path, true); told {
		return
	}
	dir := filepath.Dir(t.path)
	find, _ := a.boundIn.LoadOrStore(dir, sync.OnceValue(func() string { return boundFile(dir) }))
	if bound := find.(func() string)(); bound != "" {
		a.warn("%s has no binding, but %s has one: sops wrote the file last, or someone removed the binding; review the change: git log -p -- %s", t.shown, shown(bound), t.shown)
	}
}

// boundFile returns a file of a directory that has a binding, "" if there is none.
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

// mustBeBound reports whether a sealcfg.yaml requires a binding of the file.
func (a *app) mustBeBound(t *target) (bool, error) {
	if t.path == "" {
		return false, nil // stdin has no path
	}
	config, err := a.finder.Config(t.path)
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
	return config.RequiresBinding(t.path), nil
}

// warnNoSuchEnvironment warns of names in a sealcfg.yaml that no environment has: the
// requirement of a misspelled one applies to none.
func (a *app) warnNoSuchEnvironment(config *environments.ConfigFile) {
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
		a.warn("%s:%d:%d: there is no environment %s%s", shown(config.Path), e.Line, e.Column, e.Name, guess)
	}
}

const severalFilesHint = "the text has documents of several files: split it at the --- lines, and decrypt each file separately"

// integrityHint adds the way back to an integrity error: how to find the change, and the
// command that accepts it. For stdin there is no file to name.
func integrityHint(t *target, s *envfile.Sealed, err error) error {
	var located *envfile.BindingError
	switch {
	case errors.Is(err, envfile.ErrSeveralFiles):
		return withHint(err, "%s", severalFilesHint)
	case !errors.Is(err, envfile.ErrIntegrity) || t.path == "":
		return err
	case t.stdin != nil && errors.As(err, &located) && located.Tampered == envfile.BindingLocation:
		return withHint(err, "--filename has to name the file that stdin was read from; to decrypt it without comparing the location, run: sealcfg decrypt - --input-type %s", t.format.Name())
	case t.stdin != nil:
		return err
	}
	review := "git log -p -- " + shellWord(t.shown)
	edited := "the file was edited without its key, or a merge mixed two versions; find the change: " + review
	var b *envfile.BindingError
	switch {
	case errors.As(err, &b) && b.Tampered == envfile.BindingLocation:
		return withHint(err, "%s", relocatedHint(t.app.finder, t.path, t.name, b.Sealed, review))
	case b != nil && !s.Metadata().HasBinding():
		required := environments.ConfigName
		if config, configErr := t.app.finder.Config(t.path); configErr == nil {
			required = shown(config.BindingRequiredBy(t.path))
		}
		return withHint(err, "%s requires a binding; review the change: %s\nif one of you changed the file with sops, run: sealcfg rekey --accept-unbound %s", required, review, t.name)
	case b != nil:
		return withHint(err, "%s\nto accept the file, with the recipients in .sops.yaml, run: sealcfg rekey --accept-unbound %s", edited, t.name)
	case errors.Is(err, envfile.ErrUnencrypted):
		return withHint(err, "if you added the value, encrypt it: sealcfg encrypt %s\nif not, find the change: %s", t.name, review)
	}
	if t.unplaced { // the shim names --ignore-mac too
		return err
	}
	if rules := s.Metadata().Rules; rules.EncryptedCommentRegex+rules.UnencryptedCommentRegex != "" {
		edited += "\nwith a selector that looks at comments, sops itself writes files that it cannot decrypt"
	}
	return withHint(err, "%s\nto list the recoverable values and accept the file, run: sealcfg rekey --accept-mac %s", edited, t.name)
}

// relocatedHint reports what happened to a file that is bound to another location, and
// names the commands that accept and review it. name is the argument of commands for the
// file, quoted for a shell.
func relocatedHint(finder *environments.Finder, path, name, bound, review string) string {
	fact, argument := whence(finder, path, name, bound)
	return fmt.Sprintf("%s\nto encrypt it for its current location, run: sealcfg rekey %s\nif you did not do this, someone replaced the file; review: %s",
		fact, argument, review)
}

// whence reports in which way a file came to a location that its binding does not fit,
// and returns the argument of rekey that makes it fit.
func whence(finder *environments.Finder, path, name, bound string) (fact, argument string) {
	location, err := finder.Location(path)
	if err != nil || bound == "" {
		return "the file was encrypted for no location", name
	}
	switch change, origin := location.Explain(bound); change {
	case environments.Copied:
		return fmt.Sprintf("the file is a copy of %s", shown(origin)), name
	case environments.RootMoved:
		fact = fmt.Sprintf("the root of the repository or the .sops.yaml moved: %s is now %s", cleanName(bound), location)
		if below(origin, location.Root()) {
			return fact, shellWord(shown(origin)) // the whole project
		}
		return fact, name
	}
	return fmt.Sprintf("the file was moved, or copied and the original removed: it was %s", cleanName(bound)), name
}

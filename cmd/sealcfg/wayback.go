package main

import (
	"errors"
	"fmt"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
)

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

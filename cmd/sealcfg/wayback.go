package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
)

// integrityHint adds the way back to an integrity error: how to find the change, and the
// command that accepts it. For stdin there is no file to name.
func integrityHint(t *target, s *envfile.Sealed, err error) error {
	if !errors.Is(err, envfile.ErrIntegrity) || t.path == "" || t.stdin != nil {
		return err
	}
	review := "git log -p -- " + shellWord(t.shown)
	edited := "the file was edited without its key, or a merge mixed two versions; find the change: " + review
	var b *envfile.BindingError
	switch {
	case errors.As(err, &b) && b.Tampered == envfile.BindingLocation:
		return withHint(err, "%s\nto encrypt it for its current location, run: sealcfg rekey %s\nif you did not do this, someone replaced the file; review: %s", whence(t, b), t.name, review)
	case b != nil && !s.Metadata().HasBinding():
		return withHint(err, "%s requires a binding; review the change: %s\nif one of you changed the file with sops, run: sealcfg rekey --accept-unbound %s", environments.ConfigName, review, t.name)
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

// whence reports in which way a file came to a location that its binding does not fit.
func whence(t *target, b *envfile.BindingError) string {
	was, wasKind := cutLocation(b.Sealed)
	is, isKind := cutLocation(b.Found)
	switch {
	case was == "":
		return "the file was encrypted for no location"
	case wasKind == isKind && (strings.HasSuffix(is, "/"+was) || strings.HasSuffix(was, "/"+is)):
		return fmt.Sprintf("the root of the repository or the .sops.yaml moved: %s is now %s", b.Sealed, b.Found)
	}
	if from := originOf(t, is, isKind, was, wasKind); from != "" {
		return fmt.Sprintf("the file is a copy of %s", shown(from))
	}
	return fmt.Sprintf("the file was moved, or copied and the original removed: it was %s", b.Sealed)
}

// cutLocation splits a location into a path and its kind: environment or file.
func cutLocation(location string) (name, kind string) {
	kind, name, _ = strings.Cut(location, " ")
	return name, kind
}

// originOf returns the file that exists at another location of the repository, "" if
// there is none.
func originOf(t *target, is, isKind, was, wasKind string) string {
	pattern := func(name, kind string) string {
		if kind == "environment" {
			return path.Join(path.Dir(name), environments.Folder, path.Base(name)) + ".*"
		}
		return name
	}
	// The root of the repository is the path without the current location.
	current := pattern(is, isKind)
	root := t.path
	for range strings.Count(current, "/") + 1 {
		root = filepath.Dir(root)
	}
	origin := filepath.Join(root, filepath.FromSlash(pattern(was, wasKind)))
	if wasKind != "environment" {
		if info, err := os.Stat(origin); err != nil || !info.Mode().IsRegular() {
			return ""
		}
		return origin
	}
	found, err := filepath.Glob(origin)
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0]
}

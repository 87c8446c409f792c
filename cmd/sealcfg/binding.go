package main

import (
	"bytes"
	"os"
	"path/filepath"
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

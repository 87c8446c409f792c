package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// A survey collects the files that a command over many files did not work on.
type survey struct {
	Skipped    []skippedFile `json:"skipped,omitempty"`
	Plaintext  []string      `json:"plaintext,omitempty"`  // a creation rule with a path_regex matches them
	Ungoverned []string      `json:"ungoverned,omitempty"` // encrypted, and no creation rule matches them
	Nested     []string      `json:"nested_repositories,omitempty"`

	app   *app
	mu    sync.Mutex
	root  string
	found int // encrypted files
	done  int // files that the command could work on
}

// join adds another survey.
func (v *survey) join(other *survey) {
	v.Skipped = append(v.Skipped, other.Skipped...)
	v.Plaintext = append(v.Plaintext, other.Plaintext...)
	v.Ungoverned = append(v.Ungoverned, other.Ungoverned...)
	v.Nested = append(v.Nested, other.Nested...)
	v.found += other.found
	v.done += other.done
}

// A skippedFile is governed by a policy, and the command could not work on it.
type skippedFile struct {
	File    string   `json:"file,omitempty"`
	Reason  string   `json:"reason"`
	Readers []string `json:"readers,omitempty"` // who can decrypt it, if that was the reason

	err  error
	name string // the argument of commands for it
}

// skip records that the command cannot work on a file. s is nil if the file cannot
// be parsed.
func (v *survey) skip(t *target, s *envfile.Sealed, err error) {
	f := skippedFile{File: t.shown, Reason: strings.TrimPrefix(v.app.readable(err), t.shown+": "), err: err, name: t.name}
	if s != nil && errors.Is(err, keys.ErrNoIdentity) {
		policy, _, _ := t.rule() // for names only
		f.Readers = readers(policy, s.Metadata())
		f.Reason = "no identity of yours decrypts it" + v.app.readable(errors.New(reasons(err)))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Skipped = append(v.Skipped, f)
}

func (v *survey) add(list *[]string, file string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*list = append(*list, file)
}

func (v *survey) count(n *int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*n++
}

// err returns the errors of all skipped files.
func (v *survey) err() error {
	var errs []error
	for _, f := range v.Skipped {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

// noneFound returns an error for a survey that found no encrypted file.
func (v *survey) noneFound() error {
	switch {
	case v.found > 0:
		return nil
	case len(v.Skipped) > 0:
		return v.err()
	}
	return withHint(fmt.Errorf("no encrypted files in %s", v.root), noFilesHere)
}

// sort orders the lists: files are worked on at the same time.
func (v *survey) sort() {
	slices.SortFunc(v.Skipped, func(a, b skippedFile) int { return strings.Compare(a.File, b.File) })
	for _, list := range [][]string{v.Plaintext, v.Ungoverned, v.Nested} {
		slices.Sort(list)
	}
}

// most bounds how many names a summary line lists.
const most = 5

// report names the files that the command did not work on.
func (v *survey) report() {
	a := v.app
	v.reportSkipped()
	if len(v.Plaintext) > 0 {
		a.say("note: not encrypted, although a creation rule matches: %s; to encrypt one, run: sealcfg encrypt FILE", listed(v.Plaintext))
	}
	var outside []string
	if n := len(v.Ungoverned); n > 0 {
		outside = append(outside, fmt.Sprintf("%s that no creation rule matches (%s)", countOf(n, "encrypted file", "encrypted files"), listed(v.Ungoverned)))
	}
	if n := len(v.Nested); n > 0 {
		outside = append(outside, fmt.Sprintf("%s (%s)", countOf(n, "nested repository or submodule", "nested repositories or submodules"), listed(v.Nested)))
	}
	if len(outside) > 0 {
		a.say("note: left out: %s", strings.Join(outside, ", "))
	}
}

// reportSkipped names the skipped files, the reasons and the way back. Files with the
// same reason share a warning.
func (v *survey) reportSkipped() {
	a := v.app
	type group struct {
		reason, hint string
		skipped      []skippedFile
	}
	var groups []*group
	for _, f := range v.Skipped {
		hint := ""
		if len(f.Readers) == 0 {
			hint = a.hint(f.err)
		}
		if general, own := strings.CutSuffix(hint, "sealcfg rekey "+f.name); own && f.name != "" {
			hint = general + "sealcfg rekey"
		} else {
			f.name = "" // the hint needs no argument
		}
		i := slices.IndexFunc(groups, func(g *group) bool {
			return g.reason == f.Reason && g.hint == hint && slices.Equal(g.skipped[0].Readers, f.Readers) && (g.skipped[0].name == "") == (f.name == "")
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{reason: f.Reason, hint: hint})
		}
		groups[i].skipped = append(groups[i].skipped, f)
	}
	for _, g := range groups {
		var names []string
		why, it := g.reason, "it"
		for _, f := range g.skipped {
			names = append(names, cleanName(f.File))
			if f.name != "" {
				g.hint += " " + f.name
			}
		}
		if len(names) > 1 {
			it = "them"
		}
		if readers := g.skipped[0].Readers; len(readers) > 0 {
			why += "\n" + joinNames(readers) + " can rekey " + it
		} else if g.hint != "" {
			why += "\n" + g.hint
		}
		a.namedBroken += why + "\n"
		switch {
		case names[0] == "": // a directory, or the whole repository
			a.warn("skipped: %s", why)
		case strings.HasPrefix(why, names[0]+":"): // it has a position in the file
			a.warn("skipped %s", why)
		case len(names) == 1:
			a.warn("skipped %s: %s", names[0], why)
		default:
			a.warn("skipped %d files: %s\n%s", len(names), why, strings.Join(names, "\n"))
		}
	}
}

// listed names the first files of a list and counts the rest.
func listed(names []string) string {
	shown := slices.Clone(names[:min(len(names), most)])
	for i := range shown {
		shown[i] = cleanName(shown[i])
	}
	if more := len(names) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("%d more", more))
	}
	return strings.Join(shown, ", ")
}

// eachEncrypted calls fn for every encrypted file of the repository that contains
// dir and that a policy governs, several at the same time, and returns the results
// in the order of the paths. within limits it to files below that directory. If fn
// fails, the file is skipped.
func eachEncrypted[T any](ctx context.Context, a *app, dir, within string, fn func(*target, *envfile.Sealed) (T, error)) ([]T, *survey, error) {
	repo, err := a.repository(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	if within != "" {
		repo.drop(func(path string) bool { return !below(path, within) })
	}
	v := &survey{app: a, root: repo.root}
	type result struct {
		value T
		ok    bool
	}
	results, err := eachTarget(repo.candidates, func(c candidate) (result, error) {
		if ctx.Err() != nil {
			return result{}, errInterrupted
		}
		value, ok, err := workOn(ctx, v, a.foundTargets(repo, c), fn)
		return result{value, ok}, err
	})
	if err != nil {
		return nil, nil, err
	}
	var all []T
	for _, r := range results {
		if r.ok {
			all = append(all, r.value)
		}
	}
	v.done = len(all)
	a.addRest(v, repo)
	v.sort()
	return all, v, nil
}

// workOn calls fn for one file, if it is encrypted and governed. If the file has several
// names, its location fits one of them at most.
func workOn[T any](ctx context.Context, v *survey, names []*target, fn func(*target, *envfile.Sealed) (T, error)) (value T, ok bool, err error) {
	t := names[0]
	s, encrypted, err := t.readFound(ctx)
	if errors.Is(err, errInterrupted) || !encrypted && err == nil {
		return value, false, err
	}
	v.count(&v.found)
	if _, _, ruleErr := t.rule(); errors.Is(ruleErr, environments.ErrNoPolicy) || errors.Is(ruleErr, environments.ErrNoRule) {
		v.add(&v.Ungoverned, t.shown)
		return value, false, nil
	} else if ruleErr != nil && err == nil {
		err = ruleErr
	}
	if err == nil {
		for _, other := range names {
			other.format = t.format
			var otherErr error
			if value, otherErr = fn(other, s); otherErr == nil {
				return value, true, nil
			}
			if err == nil {
				err = otherErr
			}
			if !isMoved(otherErr) {
				break
			}
		}
	}
	if ctx.Err() != nil {
		return value, false, errInterrupted
	}
	v.skip(t, s, err)
	return value, false, nil
}

// isMoved reports whether a file was encrypted for another location.
func isMoved(err error) bool {
	var b *envfile.BindingError
	return errors.As(err, &b) && b.Tampered == envfile.BindingLocation
}

// localSuffix ends the names of layers that a developer changes on one machine. They
// may be plaintext.
const localSuffix = ".local"

// addRest adds the files without a ciphertext, and those that could not be read.
func (a *app) addRest(v *survey, repo *repository) {
	for _, message := range repo.unread {
		v.Skipped = append(v.Skipped, skippedFile{Reason: a.readable(errors.New(message)), err: errors.New(message)})
	}
	for _, f := range repo.absent {
		t := a.foundTarget(repo, f.path)
		_, rule, err := t.rule()
		if err != nil || !f.encrypted && !f.unknown || f.unknown && !a.mayBeEncrypted(t, rule) {
			continue
		}
		reason := "absent in this sparse checkout"
		if f.unknown {
			reason += ", and its contents are not in this clone"
		}
		v.skip(t, nil, withHint(fmt.Errorf("%s: %s", t.shown, reason), "git sparse-checkout add %s", filepath.Dir(t.shown)))
	}
	for _, path := range repo.others {
		_, known := envfile.FormatOf(path)
		if base := filepath.Base(path); !known || base == environments.PolicyName || base == environments.ConfigName {
			continue
		}
		t := a.foundTarget(repo, path)
		_, rule, err := t.rule()
		if err != nil {
			continue
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue // git tracks it, but it was removed
		}
		name, isEnvironment := repo.environments[path]
		switch {
		case isEnvironment && !strings.HasSuffix(name, localSuffix):
			v.skip(t, nil, withHint(fmt.Errorf("%s: not encrypted, although it is an environment", t.shown), "to encrypt it, run: sealcfg encrypt %s", t.name))
		case isEnvironment || rule.PathRegex != "":
			v.Plaintext = append(v.Plaintext, t.shown)
		}
	}
	for _, path := range repo.nested {
		v.Nested = append(v.Nested, shown(path))
	}
}

// mayBeEncrypted reports whether a file whose contents are unknown may be encrypted:
// a creation rule names its path, or it has a known format.
func (a *app) mayBeEncrypted(t *target, rule *environments.Rule) bool {
	_, known := envfile.FormatOf(t.path)
	return known || rule.PathRegex != ""
}

// foundTargets returns a target for each name of a file, with the other names as aliases.
func (a *app) foundTargets(r *repository, c candidate) []*target {
	var all []*target
	names := append([]string{c.path}, c.aliases...)
	for i, name := range names {
		t := a.foundTarget(r, name)
		t.aliases = slices.Delete(slices.Clone(names), i, i+1)
		all = append(all, t)
	}
	return all
}

// foundTarget returns the target for a file that a search found. Its format comes
// from its name and contents.
func (a *app) foundTarget(r *repository, path string) *target {
	env := environments.Environment{Name: filepath.ToSlash(path), Path: path, Exists: true}
	if name, ok := r.environments[path]; ok {
		env.Name = name
	}
	t := &target{env: env, name: argument(env), path: path, shown: shown(path), app: a}
	t.format, _ = envfile.FormatOf(path)
	return t
}

// readFound parses a file that contains a ciphertext. encrypted is false for a file
// that only quotes one.
func (t *target) readFound(ctx context.Context) (s *envfile.Sealed, encrypted bool, err error) {
	src, err := t.bytes(ctx)
	if err != nil {
		return nil, true, err
	}
	if t.format, encrypted = envfile.Detect(t.path, src); encrypted {
		s, err = envfile.ParseSealed(t.format, src)
		return s, true, t.at(err)
	}
	d, err := envfile.Parse(t.format, src)
	if err != nil {
		return nil, false, nil
	}
	err = t.lostBlock(ctx, d)
	return nil, err != nil, err
}

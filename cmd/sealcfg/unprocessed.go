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

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// An unprocessed report lists the files that a command over many files did not process.
type unprocessed struct {
	Skipped    []skippedFile `json:"skipped,omitempty"`
	Plaintext  []string      `json:"plaintext,omitempty"`  // a creation rule with a path_regex matches them
	Ungoverned []string      `json:"ungoverned,omitempty"` // encrypted, and no creation rule matches them
	Nested     []string      `json:"nested_repositories,omitempty"`

	app   *cli.App
	mu    sync.Mutex
	root  string
	found int // encrypted files
	done  int // files that the command could work on
}

// join adds the files of another report.
func (v *unprocessed) join(other *unprocessed) {
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
	Readers []string `json:"readers,omitempty"` // recipients, if no identity decrypts it

	err  error
	name string // the argument of commands for it
}

// skip records that the command cannot work on a file. s is nil if the file cannot
// be parsed.
func (v *unprocessed) skip(t *cli.Target, s *envfile.Sealed, err error) {
	f := skippedFile{File: t.Shown, Reason: strings.TrimPrefix(v.app.Readable(err), t.Shown+": "), err: err, name: t.Name}
	if s != nil && errors.Is(err, keys.ErrNoIdentity) {
		policy, _, _ := t.Rule() // for names only
		f.Readers = cli.RecipientNames(policy, s.Metadata())
		f.Reason = "no available identity decrypts it" + v.app.Readable(errors.New(cli.Reasons(err)))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Skipped = append(v.Skipped, f)
}

func (v *unprocessed) add(list *[]string, file string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*list = append(*list, file)
}

func (v *unprocessed) count(n *int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*n++
}

// err returns the errors of all skipped files.
func (v *unprocessed) err() error {
	var errs []error
	for _, f := range v.Skipped {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

// noneFound returns an error for a survey that found no encrypted file.
func (v *unprocessed) noneFound() error {
	switch {
	case v.found > 0:
		return nil
	case len(v.Skipped) > 0:
		return v.err()
	}
	return cli.WithHint(fmt.Errorf("no encrypted files in %s", v.root), noFilesHere)
}

// sort sorts the lists, because files are processed in parallel.
func (v *unprocessed) sort() {
	slices.SortFunc(v.Skipped, func(a, b skippedFile) int { return strings.Compare(a.File, b.File) })
	for _, list := range [][]string{v.Plaintext, v.Ungoverned, v.Nested} {
		slices.Sort(list)
	}
}

// most bounds how many names a summary line lists.
const most = 5

// report prints the files that the command did not process.
func (v *unprocessed) report() {
	a := v.app
	v.reportSkipped()
	if len(v.Plaintext) > 0 {
		a.Say("note: not encrypted, although a creation rule matches: %s; to encrypt one, run: sealcfg encrypt FILE", listed(v.Plaintext))
	}
	var outside []string
	if n := len(v.Ungoverned); n > 0 {
		outside = append(outside, fmt.Sprintf("%s that no creation rule matches (%s)", cli.Count(n, "encrypted file", "encrypted files"), listed(v.Ungoverned)))
	}
	if n := len(v.Nested); n > 0 {
		outside = append(outside, fmt.Sprintf("%s (%s)", cli.Count(n, "nested repository or submodule", "nested repositories or submodules"), listed(v.Nested)))
	}
	if len(outside) > 0 {
		a.Say("note: left out: %s", strings.Join(outside, ", "))
	}
}

// reportSkipped prints the skipped files with reasons and hints. Files with the same
// reason share a warning.
func (v *unprocessed) reportSkipped() {
	a := v.app
	type group struct {
		reason, hint string
		skipped      []skippedFile
	}
	var groups []*group
	for _, f := range v.Skipped {
		hint := ""
		if len(f.Readers) == 0 {
			hint = a.Hint(f.err)
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
			names = append(names, cli.CleanName(f.File))
			if f.name != "" {
				g.hint += " " + f.name
			}
		}
		if len(names) > 1 {
			it = "them"
		}
		if readers := g.skipped[0].Readers; len(readers) > 0 {
			why += "\n" + cli.JoinNames(readers) + " can rekey " + it
		} else if g.hint != "" {
			why += "\n" + g.hint
		}
		a.NamedBroken += why + "\n"
		switch {
		case names[0] == "": // a directory, or the whole repository
			a.Warn("skipped: %s", why)
		case strings.HasPrefix(why, names[0]+":"): // it has a position in the file
			a.Warn("skipped %s", why)
		case len(names) == 1:
			a.Warn("skipped %s: %s", names[0], why)
		default:
			a.Warn("skipped %d files: %s\n%s", len(names), why, strings.Join(names, "\n"))
		}
	}
}

// listed names the first files of a list, and counts the others.
func listed(names []string) string {
	shown := slices.Clone(names[:min(len(names), most)])
	for i := range shown {
		shown[i] = cli.CleanName(shown[i])
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
func eachEncrypted[T any](ctx context.Context, a *cli.App, dir, within string, fn func(*cli.Target, *envfile.Sealed) (T, error)) ([]T, *unprocessed, error) {
	repo, err := findRepository(ctx, a, dir)
	if err != nil {
		return nil, nil, err
	}
	if within != "" {
		repo.drop(func(path string) bool { return !cli.Below(path, within) })
	}
	v := &unprocessed{app: a, root: repo.root}
	type result struct {
		value T
		ok    bool
	}
	results, err := eachTarget(repo.candidates, func(c candidate) (result, error) {
		if ctx.Err() != nil {
			return result{}, cli.ErrInterrupted
		}
		value, ok, err := workOn(ctx, v, foundTargets(a, repo, c), fn)
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
	addRest(a, v, repo)
	v.sort()
	return all, v, nil
}

// workOn calls fn for one file, if it is encrypted and governed. If the file has several
// names, its location fits one of them at most.
func workOn[T any](ctx context.Context, v *unprocessed, names []*cli.Target, fn func(*cli.Target, *envfile.Sealed) (T, error)) (value T, ok bool, err error) {
	t := names[0]
	s, encrypted, err := readFound(ctx, t)
	if errors.Is(err, cli.ErrInterrupted) || !encrypted && err == nil {
		return value, false, err
	}
	v.count(&v.found)
	if _, _, ruleErr := t.Rule(); errors.Is(ruleErr, environments.ErrNoPolicy) || errors.Is(ruleErr, environments.ErrNoRule) {
		v.add(&v.Ungoverned, t.Shown)
		return value, false, nil
	} else if ruleErr != nil && err == nil {
		err = ruleErr
	}
	if err == nil {
		for _, other := range names {
			other.Format = t.Format
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
		return value, false, cli.ErrInterrupted
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

// addRest adds the files without a ciphertext and the files that could not be read.
func addRest(a *cli.App, v *unprocessed, repo *repository) {
	for _, message := range repo.unread {
		v.Skipped = append(v.Skipped, skippedFile{Reason: a.Readable(errors.New(message)), err: errors.New(message)})
	}
	for _, f := range repo.absent {
		t := foundTarget(a, repo, f.path)
		_, rule, err := t.Rule()
		if err != nil || !f.encrypted && !f.unknown || f.unknown && !mayBeEncrypted(a, t, rule) {
			continue
		}
		reason := "absent in this sparse checkout"
		if f.unknown {
			reason += ", and its contents are not in this clone"
		}
		v.skip(t, nil, cli.WithHint(fmt.Errorf("%s: %s", t.Shown, reason), "git sparse-checkout add %s", filepath.Dir(t.Shown)))
	}
	for _, path := range repo.others {
		_, known := envfile.FormatOf(path)
		if base := filepath.Base(path); !known || base == environments.PolicyName || base == environments.ConfigName {
			continue
		}
		t := foundTarget(a, repo, path)
		_, rule, err := t.Rule()
		if err != nil {
			continue
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue // git tracks it, but it was removed
		}
		name, isEnvironment := repo.environments[path]
		switch {
		case isEnvironment && !strings.HasSuffix(name, localSuffix):
			v.skip(t, nil, cli.WithHint(fmt.Errorf("%s: not encrypted, although it is an environment", t.Shown), "to encrypt it, run: sealcfg encrypt %s", t.Name))
		case isEnvironment || rule.PathRegex != "":
			v.Plaintext = append(v.Plaintext, t.Shown)
		}
	}
	for _, path := range repo.nested {
		v.Nested = append(v.Nested, cli.Shown(path))
	}
}

// mayBeEncrypted reports whether a file that cannot be read may be encrypted: a creation
// rule names its path, or it has a known format.
func mayBeEncrypted(a *cli.App, t *cli.Target, rule *environments.Rule) bool {
	_, known := envfile.FormatOf(t.Path)
	return known || rule.PathRegex != ""
}

// foundTargets returns a target for each name of a file, with the other names as aliases.
func foundTargets(a *cli.App, r *repository, c candidate) []*cli.Target {
	var all []*cli.Target
	names := append([]string{c.path}, c.aliases...)
	for i, name := range names {
		t := foundTarget(a, r, name)
		t.Aliases = slices.Delete(slices.Clone(names), i, i+1)
		all = append(all, t)
	}
	return all
}

// foundTarget returns the target for a file of a search. Its format depends on its name
// and contents.
func foundTarget(a *cli.App, r *repository, path string) *cli.Target {
	env := environments.Environment{Name: filepath.ToSlash(path), Path: path, Exists: true}
	if name, ok := r.environments[path]; ok {
		env.Name = name
	}
	t := a.TargetOf(env)
	t.Format, _ = envfile.FormatOf(path)
	return t
}

// readFound parses a file that contains a ciphertext. encrypted is false if the file only
// quotes a ciphertext.
func readFound(ctx context.Context, t *cli.Target) (s *envfile.Sealed, encrypted bool, err error) {
	src, err := t.Bytes(ctx)
	if err != nil {
		return nil, true, err
	}
	if t.Format, encrypted = envfile.Detect(t.Path, src); encrypted {
		s, err = envfile.ParseSealed(t.Format, src)
		return s, true, t.At(err)
	}
	d, err := envfile.Parse(t.Format, src)
	if err != nil {
		return nil, false, nil
	}
	err = t.MissingMetadata(ctx, d)
	return nil, err != nil, err
}

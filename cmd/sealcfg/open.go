package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// read parses the sealed file. The bytes are what is on disk.
func (t *target) read(ctx context.Context) (*envfile.Sealed, error) {
	src, err := t.bytes(ctx)
	if err != nil {
		return nil, err
	}
	t.see(src)
	s, err := envfile.ParseSealed(t.format, src)
	if errors.Is(err, envfile.ErrNotSealed) && t.stdin == nil {
		if d, perr := envfile.Parse(t.format, src); perr == nil {
			if lost := t.lostBlock(ctx, d); lost != nil {
				return s, t.damaged(lost)
			}
		}
		if in, encrypted := envfile.Detect(t.path, src); encrypted {
			return s, withHint(t.at(err), "it is an encrypted %s file: leave out --input-type %s", in.Name(), t.format.Name())
		}
		return s, t.damaged(withHint(t.at(err), "run sealcfg encrypt %s first", t.shown))
	}
	return s, t.damaged(t.at(err))
}

// open reads and decrypts the file.
func (a *app) open(ctx context.Context, t *target) (*envfile.Opened, error) {
	s, err := t.read(ctx)
	if err != nil {
		return nil, err
	}
	return a.openSealed(ctx, t, s)
}

func (a *app) openSealed(ctx context.Context, t *target, s *envfile.Sealed) (*envfile.Opened, error) {
	ids, err := a.identitiesFor(ctx, t)
	if err != nil {
		return nil, err
	}
	if s, err = a.expecting(t, s); err != nil {
		return nil, err
	}
	if t.log != nil {
		ids = t.log.recoverKey(ctx, s.Metadata(), ids)
	}
	o, err := s.Open(ctx, ids...)
	if err != nil {
		err = a.noKey(t, s, integrityHint(t, s, t.at(err)))
		if errors.Is(err, envfile.ErrIntegrity) {
			err = t.damaged(err)
		}
		return nil, err
	}
	if t.check != nil {
		if err := t.check(ctx, o); err != nil {
			return nil, err
		}
	}
	a.warnUnbound(t, s.Metadata())
	a.warnRepeats(t, s.Format(), s.Repeats())
	a.warnUnauthenticated(t, o)
	a.warnClear(t, o.ClearComments())
	if odd := o.OddlySpelt(); len(odd) > 0 {
		more := ""
		if len(odd) > 1 {
			more = fmt.Sprintf(", and %d more", len(odd)-1)
		}
		a.warn("%s:%d: %s%s: sealed in a spelling that sops does not write, such as 1.50 or +7; the next change seals it anew", t.shown, odd[0].Line, cleanName(odd[0].Path), more)
	}
	return o, nil
}

// warnRepeats names the fields that a file has more than once, and which of the lines
// counts.
func (a *app) warnRepeats(t *target, f envfile.Format, repeats []envfile.Repeat) {
	for _, r := range repeats {
		reads := fmt.Sprintf("line %d counts", r.Line)
		if f == envfile.INI {
			reads = "of each key, the first counts"
		}
		a.warn("%s:%d: %s; %s\nto keep one, run: sealcfg edit %s", t.shown, r.Lines[1], cleanName(r.String()), reads, t.name)
	}
}

// onceInEditor adds a hint to the error for a name that occurs more than once in an
// encrypted file.
func (t *target) onceInEditor(err error) error {
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) && syntax.Repeats {
		return withHint(t.at(err), "run: sealcfg edit %s\nand remove all of these lines but one", t.name)
	}
	return t.at(err)
}

// warnUnauthenticated warns of a binding that does not count, and of tags that no binding covers.
func (a *app) warnUnauthenticated(t *target, o *envfile.Opened) {
	switch version, found := o.Sealed().Metadata().OtherBinding(); {
	case found && version == "":
		a.warn("%s: the binding has no version that sealcfg reads; treated as a file without a binding", t.shown)
	case found:
		a.warn("%s: the binding has version %s, which sealcfg does not read; treated as a file without a binding", t.shown, version)
	}
	if tags := o.ForeignTags(); len(tags) > 0 {
		more := ""
		if len(tags) > 1 {
			more = fmt.Sprintf(" (and %d more)", len(tags)-1)
		}
		a.warn("%s:%d: %s: a program that reads the plaintext may act on the tag%s; the file has no binding, and sops writes no tags",
			t.shown, tags[0].Line, cleanName(tags[0].Path), more)
	}
}

// warnClear tells of comments that nothing authenticates. There may be many in a
// file of an old version of sops.
func (a *app) warnClear(t *target, lines []int) {
	const most = 5
	var where []string
	for _, line := range lines[:min(len(lines), most)] {
		where = append(where, strconv.Itoa(line))
	}
	if len(lines) > most {
		where = append(where, fmt.Sprintf("%d more", len(lines)-most))
	}
	switch {
	case len(lines) == 1:
		a.warn("%s:%d: the comment stands in clear, though the file's rules seal it: whoever can write the file can have put it there", t.shown, lines[0])
	case len(lines) > 1:
		a.warn("%s: comments stand in clear, though the file's rules seal them: whoever can write the file can have put them there (lines %s)",
			t.shown, joinNames(where))
	}
}

// noKey explains, by name, for whom a file is sealed when no identity fits, and
// why the services that have keys of it did not help.
func (a *app) noKey(t *target, s *envfile.Sealed, err error) error {
	var none *keys.NoIdentityError
	if !errors.As(err, &none) {
		return err
	}
	policy, _ := a.finder.Policy(t.path) // for names only
	who := readers(policy, s.Metadata())
	var hint strings.Builder
	var advice []string
	broken := a.brokenHint(err)
	if broken != "" {
		hint.WriteString(broken + "\n")
	}
	for _, reason := range none.Reasons {
		for _, one := range parts(reason) {
			if h := serviceHint(one); h != "" && !slices.Contains(advice, h) {
				advice = append(advice, h)
				hint.WriteString(h + "\n")
			}
		}
	}
	if explained := groupsHint(err); explained != "" {
		hint.WriteString(explained + "\n")
	}
	if errors.Is(err, keys.ErrPassphrase) {
		hint.WriteString("run it again on a terminal and give the right passphrase\n")
	}
	fmt.Fprintf(&hint, "it is readable by %s%s; ", joinNames(who), quorum(s.Metadata()))
	people := slices.ContainsFunc(s.Metadata().Stanzas(), func(s *keys.Stanza) bool { return s.Type == keys.AgeType || s.Type == "pgp" })
	switch {
	case !people:
		hint.WriteString("whoever may use it can")
	case len(who) > 1:
		hint.WriteString("one of them can")
	default:
		fmt.Fprintf(&hint, "%s can", joinNames(who))
	}
	hint.WriteString(" add you to .sops.yaml and run sealcfg rekey")
	if t.name != stdio {
		hint.WriteString(" " + t.name)
	}
	switch {
	case none.Tried == 0 && broken == "":
		hint.WriteString("\nno identity yet? sealcfg key new makes one")
	case none.Tried > 0:
		hint.WriteString("\nsealcfg key show prints the recipient to give them")
	}
	hint.WriteString("\n" + a.lookedIn())
	what := "no identity at hand opens it"
	var groups *envfile.GroupsError
	if errors.As(err, &groups) {
		what = groups.Summary()
	}
	return withHint(fmt.Errorf("%s: %s%s%w", t.shown, what, reasons(err), silent(err)), "%s", hint.String())
}

// lookedIn says where identities were found, and then, on one line since there
// are many, where none was.
func (a *app) lookedIn() string {
	text := "looked for an identity in:"
	var empty []string
	for _, p := range a.places {
		switch p.found {
		case 0:
			empty = append(empty, p.name)
		case keys.Locked:
			text += fmt.Sprintf("\n  %s: encrypted with a passphrase", p.name)
		default:
			text += fmt.Sprintf("\n  %s: %s", p.name, countOf(p.found, "identity", "identities"))
		}
	}
	if len(empty) > 0 {
		text += "\n  none in " + joinOr(empty)
	}
	return text
}

// reasons are the lines about services that did not help, each after a line break.
func reasons(err error) string {
	text := ""
	var none *keys.NoIdentityError
	if errors.As(err, &none) {
		for _, reason := range none.Reasons {
			text += "\n" + reason.Error()
		}
	}
	return text
}

// parts takes a reason apart: a service gives one for all the keys that it was
// asked about.
func parts(reason error) []error {
	if joined, ok := errors.Unwrap(reason).(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{reason}
}

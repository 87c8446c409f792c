package cli

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

// Read parses the encrypted file.
func (t *Target) Read(ctx context.Context) (*envfile.Sealed, error) {
	src, err := t.Bytes(ctx)
	if err != nil {
		return nil, err
	}
	t.See(src)
	s, err := envfile.ParseSealed(t.Format, src)
	if errors.Is(err, envfile.ErrNotSealed) && t.stdin == nil {
		if d, perr := envfile.Parse(t.Format, src); perr == nil {
			if lost := t.MissingMetadata(ctx, d); lost != nil {
				return s, t.Damaged(lost)
			}
		}
		if in, encrypted := envfile.Detect(t.Path, src); encrypted {
			return s, WithHint(t.At(err), "it is an encrypted %s file: leave out --input-type %s", in.Name(), t.Format.Name())
		}
		return s, t.Damaged(WithHint(t.At(err), "to encrypt it, run: sealcfg encrypt %s", t.Shown))
	}
	return s, t.Damaged(t.At(err))
}

// Open reads and decrypts the file.
func (a *App) Open(ctx context.Context, t *Target) (*envfile.Opened, error) {
	s, err := t.Read(ctx)
	if err != nil {
		return nil, err
	}
	return a.OpenSealed(ctx, t, s)
}

func (a *App) OpenSealed(ctx context.Context, t *Target, s *envfile.Sealed) (*envfile.Opened, error) {
	ids, err := a.IdentitiesFor(ctx, t)
	if err != nil {
		return nil, err
	}
	if s, err = a.Expecting(t, s); err != nil {
		return nil, err
	}
	if t.Log != nil {
		ids = t.Log.RecoverKey(ctx, s.Metadata(), ids)
	}
	o, err := s.Open(ctx, ids...)
	if err != nil {
		replaced := false
		if errors.Is(err, envfile.ErrUnencrypted) {
			r, rescueErr := s.Rescue(ctx, ids...)
			replaced = rescueErr != nil || !r.Authentic()
		}
		err = a.noKey(t, s, integrityHint(t, s, replaced, t.At(err)))
		if errors.Is(err, envfile.ErrIntegrity) {
			err = t.Damaged(err)
		}
		return nil, err
	}
	if t.Check != nil {
		if err := t.Check(ctx, o); err != nil {
			return nil, err
		}
	}
	a.WarnUnbound(t, s.Metadata())
	a.WarnRepeats(t, s.Format(), s.Repeats())
	a.warnUnauthenticated(t, o)
	a.warnClear(t, o.ClearComments())
	if odd := o.NonCanonical(); len(odd) > 0 {
		more := ""
		if len(odd) > 1 {
			more = fmt.Sprintf(", and %d more", len(odd)-1)
		}
		a.Warn("%s:%d: %s%s: the value is encrypted in a form that sops does not write, such as 1.50 or +7; the next change corrects it", t.Shown, odd[0].Line, CleanName(odd[0].Path), more)
	}
	return o, nil
}

// WarnRepeats names the fields that a file has more than once, and which of the lines
// counts.
func (a *App) WarnRepeats(t *Target, f envfile.Format, repeats []envfile.Repeat) {
	for _, r := range repeats {
		reads := fmt.Sprintf("line %d counts", r.Line)
		if f == envfile.INI {
			reads = "of each key, the first counts"
		}
		a.Warn("%s:%d: %s; %s\nto keep one, run: sealcfg edit %s", t.Shown, r.Lines[1], CleanName(r.String()), reads, t.Name)
	}
}

// OnceInEditor adds a hint to the error for a name that occurs more than once in an
// encrypted file.
func (t *Target) OnceInEditor(err error) error {
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) && syntax.Repeats {
		return WithHint(t.At(err), "remove all of these lines but one: sealcfg edit %s", t.Name)
	}
	return t.At(err)
}

// warnUnauthenticated warns of a binding that does not count, and of tags that no binding covers.
func (a *App) warnUnauthenticated(t *Target, o *envfile.Opened) {
	switch version, found := o.Sealed().Metadata().OtherBinding(); {
	case found && version == "":
		a.Warn("%s: the binding has no version that sealcfg reads; treated as a file without a binding", t.Shown)
	case found:
		a.Warn("%s: the binding has version %s, which sealcfg does not read; treated as a file without a binding", t.Shown, version)
	}
	if tags := o.ForeignTags(); len(tags) > 0 {
		more := ""
		if len(tags) > 1 {
			more = fmt.Sprintf(" (and %d more)", len(tags)-1)
		}
		a.Warn("%s:%d: %s: a program that reads the plaintext may act on the tag%s; the file has no binding, and sops writes no tags",
			t.Shown, tags[0].Line, CleanName(tags[0].Path), more)
	}
}

// warnClear warns of comments that are not authenticated. A file of an old version of sops
// may have many.
func (a *App) warnClear(t *Target, lines []int) {
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
		a.Warn("%s:%d: unencrypted comment where the rules encrypt comments; anyone with write access could have added it", t.Shown, lines[0])
	case len(lines) > 1:
		a.Warn("%s: unencrypted comments where the rules encrypt comments; anyone with write access could have added them (lines %s)",
			t.Shown, JoinNames(where))
	}
}

// noKey explains why no identity decrypts a file. It names the recipients, and why each
// key service failed.
func (a *App) noKey(t *Target, s *envfile.Sealed, err error) error {
	var none *keys.NoIdentityError
	if !errors.As(err, &none) {
		return err
	}
	policy := t.rule().policy // for names only
	who := RecipientNames(policy, s.Metadata())
	var hint strings.Builder
	var advice []string
	broken := a.BrokenHint(err)
	if broken != "" {
		hint.WriteString(broken + "\n")
	}
	for _, reason := range none.Reasons {
		for _, one := range parts(reason) {
			if h := ServiceHint(one); h != "" && !slices.Contains(advice, h) {
				advice = append(advice, h)
				hint.WriteString(h + "\n")
			}
		}
	}
	if explained := GroupsHint(err); explained != "" {
		hint.WriteString(explained + "\n")
	}
	if errors.Is(err, keys.ErrPassphrase) {
		hint.WriteString("run the command again on a terminal, and enter the passphrase\n")
	}
	ask := JoinNames(who)
	switch personal := slices.ContainsFunc(s.Metadata().Stanzas(), func(s *keys.Stanza) bool { kind, _ := keys.KindOf(s.Type); return kind.Local }); {
	case !personal:
		ask = "someone with access to this key"
	case len(who) > 1:
		ask = "one of them"
	}
	fmt.Fprintf(&hint, "encrypted for %s%s; ask %s to add your recipient to .sops.yaml and to run: sealcfg rekey", JoinNames(who), Quorum(s.Metadata()), ask)
	if t.Name != Stdio {
		hint.WriteString(" " + t.Name)
	}
	switch {
	case none.Tried == 0 && broken == "":
		hint.WriteString("\nto create an identity, run: sealcfg key new")
	case none.Tried > 0:
		hint.WriteString("\nto print your recipient, run: sealcfg key show")
	}
	hint.WriteString("\n" + a.lookedIn())
	what := "no available identity decrypts it"
	var groups *envfile.GroupsError
	if errors.As(err, &groups) {
		what = groups.Summary()
	}
	return WithHint(fmt.Errorf("%s: %s%s%w", t.Shown, what, Reasons(err), Silent(err)), "%s", hint.String())
}

// lookedIn lists the key sources with identities, one per line, and the others in one
// line.
func (a *App) lookedIn() string {
	text := "looked for an identity in:"
	var empty []string
	for _, p := range a.keySources {
		switch p.found {
		case 0:
			empty = append(empty, p.name)
		case keys.Locked:
			text += fmt.Sprintf("\n  %s: encrypted with a passphrase", p.name)
		default:
			text += fmt.Sprintf("\n  %s: %s", p.name, Count(p.found, "identity", "identities"))
		}
	}
	if len(empty) > 0 {
		text += "\n  none in " + JoinOr(empty)
	}
	return text
}

// Reasons returns the lines about key services that failed, each after a line break.
func Reasons(err error) string {
	text := ""
	var none *keys.NoIdentityError
	if errors.As(err, &none) {
		for _, reason := range none.Reasons {
			text += "\n" + reason.Error()
		}
	}
	return text
}

// parts splits a reason: a key service gives one reason for all keys of a file.
func parts(reason error) []error {
	if joined, ok := errors.Unwrap(reason).(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{reason}
}

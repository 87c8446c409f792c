package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/keys"
)

// target is a file that a command works on, and the policy that governs it.
type target struct {
	env    environments.Environment
	name   string // the argument that names it: the environment's name, or the path, quoted for a shell
	path   string
	shown  string
	format envfile.Format
	stdin  io.Reader // the file is read from here, not from path
	detect bool      // the format depends on the contents too

	aliases []string // other paths of the same file: hard links

	unplaced bool   // it has no location, and the one in its binding does not count
	mayMove  bool   // it may be encrypted for another location
	oldRoot  string // its location may begin at this directory
	unbound  bool   // it may lack the binding that sealcfg.yaml requires

	keepRules bool // the rules of the file count, although they are not authenticated

	log *sopsLog // reports the use of keys; may be nil
	// check judges the opened file further, if not nil.
	check func(context.Context, *envfile.Opened) error

	app *app
	// ruled finds the policy otherwise than from the file upwards, if not nil.
	ruled func() (*environments.Policy, *environments.Rule, error)
}

// stdio is the argument that stands for stdin, and for stdout behind -o.
const stdio = "-"

// target resolves an argument: an environment's name or a path.
func (a *app) target(arg string) (*target, error) {
	if arg == stdio {
		return nil, withHint(usagef("stdin (-) is read by encrypt and decrypt only"), "write it to a file, or pipe it through sealcfg decrypt -")
	}
	project, err := a.project()
	if err != nil {
		return nil, err
	}
	env, err := project.Environment(arg)
	if err != nil {
		return nil, err
	}
	return a.newTarget(env), nil
}

func (a *app) newTarget(env environments.Environment) *target {
	t := &target{env: env, name: argument(env), path: env.Path, shown: shown(env.Path), app: a}
	t.format, t.detect = a.formatOf(env.Path)
	return t
}

// argument returns what a person types to name a file, quoted for a shell.
func argument(env environments.Environment) string {
	name := env.Name
	if filepath.Base(env.Path) == filepath.Base(filepath.FromSlash(name)) { // the path from the root of the project
		name = shown(env.Path)
	}
	if strings.HasPrefix(name, "-") {
		name = "." + string(filepath.Separator) + name
	}
	return shellWord(name)
}

// fileTarget is target for a path that is no environment's name, whether there
// is a file or not.
func (a *app) fileTarget(path string) (*target, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return a.newTarget(environments.Environment{Name: path, Path: abs}), nil
}

// formatOf returns the format of a file: from --input-type, or else from its name.
// In the second case, the contents may show another one.
func (a *app) formatOf(path string) (f envfile.Format, detect bool) {
	if f, ok := envfile.FormatNamed(a.inputType); ok {
		return f, false
	}
	f, _ = envfile.FormatOf(path)
	return f, true
}

// standard is the target for stdin. The policy for filename applies to it; without
// a filename, no policy does.
func (a *app) standard(filename string) (*target, error) {
	t := &target{name: stdio, shown: "stdin", stdin: a.in, app: a}
	if filename != "" {
		path, err := filepath.Abs(filename)
		if err != nil {
			return nil, err
		}
		t.name, t.path = filename, path
	}
	t.format, t.detect = a.formatOf(t.path)
	return t, nil
}

// noProject is the hint where neither environments nor a policy are: most often
// somebody is in another folder than they think.
const noProject = "there is no project here: go to its folder, or name it with -C; sealcfg init begins a new one"

// existing is target for a file that must exist.
func (a *app) existing(arg string) (*target, error) {
	t, err := a.target(arg)
	if err != nil || t.env.Exists {
		return t, err
	}
	err = fmt.Errorf("%s: %w", t.shown, fs.ErrNotExist)
	if project, perr := a.project(); perr == nil {
		if guess := project.Closest(arg); guess != "" && guess != arg {
			return nil, withHint(err, "did you mean %s?", guess)
		}
		if envs, lerr := project.Environments(); lerr == nil && len(envs) > 0 {
			var names []string
			for _, e := range envs {
				names = append(names, e.Name)
			}
			return nil, withHint(err, "there is %s; sealcfg edit %s makes a new one", strings.Join(names, ", "), arg)
		}
	}
	if project, perr := a.project(); perr == nil && project.PolicyPath != "" {
		return nil, withHint(err, "sealcfg init makes dev, test and prod; sealcfg edit %s makes this one", arg)
	}
	return nil, withHint(err, "%s", noProject)
}

// at adds the file's name to an error of package envfile.
func (t *target) at(err error) error {
	if err == nil {
		return nil
	}
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) && err == error(syntax) {
		place := fmt.Sprintf("%s:%d", t.shown, syntax.Line)
		if syntax.Column > 0 {
			place += fmt.Sprintf(":%d", syntax.Column)
		}
		err := fmt.Errorf("%s: %s", place, syntax.Reason)
		if syntax.Conflict {
			return withHint(err, "keep one side of each conflict and delete the lines with its marks; of lastmodified, mac and binding, either side fits\n"+
				"then, if the file is encrypted, run: sealcfg rekey --accept-mac %s", shellWord(t.shown))
		}
		return err
	}
	return fmt.Errorf("%s: %w", t.shown, err)
}

// bytes reads the file.
func (t *target) bytes(ctx context.Context) ([]byte, error) {
	if t.stdin == nil {
		return readAny(ctx, t.path)
	}
	return readStream(ctx, t.stdin)
}

// see takes the format from the contents, where they have a say in it.
func (t *target) see(src []byte) {
	if t.detect {
		t.format = envfile.FormatFor(t.path, src)
	}
}

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
	o, err := s.Open(ctx, t.log.recover(ctx, s.Metadata(), ids)...)
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
	return withHint(fmt.Errorf("%s: %s%s%w", t.shown, what, reasons(err), quiet{err}), "%s", hint.String())
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

func countOf(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + one
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// saveAll is save for a file with several names: hard links, which stay. If the error
// wraps [atomicfile.ErrInPlace], the file has its new contents.
func (a *app) saveAll(ctx context.Context, t *target, s, old *envfile.Sealed) error {
	if err := a.save(ctx, t, s, old); err != nil {
		return err
	}
	for _, alias := range t.aliases {
		if err := atomicfile.Relink(ctx, t.path, alias, old.Bytes()); err != nil {
			err = quietly(atomicfile.ErrInPlace, fmt.Errorf("%s is written, but its hard link is not: %w", t.shown, err))
			return withHint(err, "once the cause is fixed, make the link again: ln -f %s %s", shellWord(t.shown), shellWord(shown(alias)))
		}
	}
	return nil
}

// save replaces the file by an encrypted one, unless it changed since it was read.
// old is nil for a file that must not exist yet.
func (a *app) save(ctx context.Context, t *target, s, old *envfile.Sealed) error {
	opt := atomicfile.Options{NoClobber: true}
	if old != nil {
		opt = atomicfile.Options{IfUnchanged: old.Bytes(), InPlace: a.inPlace(ctx, t.path, s.Bytes())}
	}
	return written(t.path, atomicfile.Write(ctx, t.path, s.Bytes(), opt))
}

// rule returns the policy and the creation rule that apply to the file. Without a
// matching rule, it returns the policy and an error. It warns of the entries of the
// policy that have no effect.
func (t *target) rule() (policy *environments.Policy, rule *environments.Rule, err error) {
	if t.ruled != nil {
		policy, rule, err = t.ruled()
	} else {
		policy, rule, err = t.app.finder.Rule(t.path)
	}
	var broken *environments.PolicyError
	if policy != nil && !errors.As(err, &broken) {
		t.app.warnPolicy(policy, rule)
	}
	return policy, rule, err
}

// warnPolicy warns once of each entry of a policy that has no effect, unless the caller
// may take stderr for a part of the answer.
func (a *app) warnPolicy(policy *environments.Policy, rule *environments.Rule) {
	if a.answersOnly {
		return
	}
	for _, w := range policy.Warnings(rule) {
		text := a.readable(w)
		if _, told := a.told.LoadOrStore("warning: "+text, true); !told {
			a.warn("%s", text)
		}
	}
}

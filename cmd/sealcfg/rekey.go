package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/spf13/cobra"
)

type rekeyOptions struct {
	app          *cli.App
	args         []string
	keepDataKey  bool
	yes          bool
	dryRun       bool
	unbound      bool
	allOrNothing bool
	keepRules    bool
	acceptMAC    bool
	drop         bool

	proofs sync.Map // by creation rule: the result of prove
}

func newRekeyCmd(a *cli.App) *cobra.Command {
	o := &rekeyOptions{app: a}
	cmd := &cobra.Command{
		Use:     "rekey [ENV|FILE|DIRECTORY...]",
		Aliases: []string{"rotate-keys"},
		Short:   "Give files new data keys, for the recipients in .sops.yaml",
		Long: `Rekey updates files to .sops.yaml: their recipients, and the values that are
encrypted. Each file gets a new data key, so a person who lost access cannot read
later versions. Without arguments, rekey works on all encrypted files of the git
repository that a creation rule matches: tracked files, untracked files that git
does not ignore, and .local layers. Outside of git, it searches the directory tree
of the project.

Files that it cannot work on, such as files that your identities cannot decrypt, are
named and skipped, and the exit code is 3. With --all-or-nothing, no file is written
if one is skipped.

Every command rejects a file that was moved or copied. If you name it here, it is
encrypted again for its current location. If you name a directory that was the root
of a project, the same applies to all files of that project.

Commands also reject a file without a binding if sealcfg.yaml requires one (sops
wrote it last, or someone removed the binding), and a file that does not match its
binding. --accept-unbound accepts the named files unchanged and adds a binding.
--accept-mac accepts files that fail authentication for another reason: it lists the
values that authenticate one by one, and the values that cannot be verified. Values
that cannot be recovered are an error, unless --drop removes them.

Rekey lists the values that the selectors in .sops.yaml would newly encrypt or leave
unencrypted. --keep-rules keeps the selectors of the files.

With --keep-data-key, it only wraps the same data key for other recipients (as sops
updatekeys does): no value changes, and a person who lost access and kept the
data key can read later versions.

Rekey prints the names that gain and lose access, and prompts; without a terminal, it
requires --yes. With --dry-run, the exit code is 3 if a file differs from .sops.yaml.
A dry run needs no key; with a key, it also verifies the files.

Each file is replaced as a whole. If a run is interrupted, run it again.`,
		Example: `  sealcfg rekey --dry-run
  sealcfg rekey
  sealcfg rekey prod --yes
  sealcfg rekey deploy/
  sealcfg rekey --keep-data-key`,
		Args:              between(0, -1, "environments, files or directories"),
		ValidArgsFunction: completeEnvs(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			return runRekey(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.keepDataKey, "keep-data-key", false, "wrap the same data key for the new recipients")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVarP(&o.dryRun, "dry-run", "n", false, "print the changes, write no file")
	cmd.Flags().BoolVar(&o.unbound, "accept-unbound", false, "accept named files that lack the binding that sealcfg.yaml requires")
	cli.KeepRulesFlag(cmd, &o.keepRules)
	cmd.Flags().BoolVar(&o.acceptMAC, "accept-mac", false, "accept named files that fail authentication, as far as they can be recovered")
	cmd.Flags().BoolVar(&o.drop, "drop", false, "with --accept-mac: remove values that cannot be recovered")
	cmd.Flags().BoolVar(&o.allOrNothing, "all-or-nothing", false, "write no file if one cannot be rekeyed")
	return cmd
}

// check rejects flags that exclude each other.
func (o *rekeyOptions) check() error {
	switch {
	case o.unbound && len(o.args) == 0:
		return cli.Usagef("--accept-unbound requires the names of the files that you have reviewed")
	case o.acceptMAC && len(o.args) == 0:
		return cli.Usagef("--accept-mac requires the names of the files that you have reviewed")
	case (o.unbound || o.acceptMAC) && o.keepDataKey:
		// It may be the file of another location, and two locations must not share a data key.
		return cli.Usagef("--accept-unbound and --accept-mac make a new data key; remove --keep-data-key")
	case o.drop && !o.acceptMAC:
		return cli.Usagef("--drop requires --accept-mac")
	}
	return nil
}

func runRekey(ctx context.Context, o *rekeyOptions) error {
	a := o.app
	if err := o.check(); err != nil {
		return err
	}
	debug.SetGCPercent(50) // takes a fifth off the memory for 1,000 files, at no cost in time
	if _, err := a.LoadIdentities(ctx); err != nil {
		return err
	}
	plans, v, err := o.plans(ctx)
	if err != nil {
		return err
	}
	if err := o.refuse(plans, v); err != nil {
		return err
	}
	plans = slices.DeleteFunc(plans, func(p *rekeyPlan) bool { return p == nil })
	o.announce(plans)
	v.report()
	switch {
	case o.dryRun || len(plans) == 0:
		return o.finish(plans, v)
	case !o.yes && !a.Interactive():
		return cli.WithHint(cli.Usagef("rekey requires a confirmation, and there is no terminal"), "to see the changes, add: --dry-run\nto confirm, add: --yes")
	case !o.yes:
		if err := a.Confirm(ctx, fmt.Sprintf("rewrite %s?", cli.Count(len(plans), "file", "files"))); err != nil {
			return err
		}
	}
	late := &unprocessed{app: a}
	if err := o.write(ctx, plans, late); err != nil {
		return err
	}
	if len(late.Skipped) == len(plans) {
		return fmt.Errorf("no file written: %w", late.err())
	}
	late.report()
	v.join(late)
	return o.finish(plans, v)
}

// plans returns a plan for each file, nil for a file that needs no change.
func (o *rekeyOptions) plans(ctx context.Context) ([]*rekeyPlan, *unprocessed, error) {
	a := o.app
	plan := func(t *cli.Target, s *envfile.Sealed) (*rekeyPlan, error) { return o.plan(ctx, t, s) }
	if len(o.args) == 0 {
		plans, v, err := eachEncrypted(ctx, a, ".", "", plan)
		if err == nil {
			err = v.noneFound()
		}
		return plans, v, err
	}
	var all []*rekeyPlan
	v := &unprocessed{app: a}
	var targets []*cli.Target
	for _, arg := range o.args {
		if info, err := os.Stat(arg); err == nil && info.IsDir() {
			dir, err := filepath.Abs(arg)
			if err != nil {
				return nil, nil, err
			}
			plans, below, err := eachEncrypted(ctx, a, dir, dir, func(t *cli.Target, s *envfile.Sealed) (*rekeyPlan, error) {
				if !o.keepDataKey {
					t.OldRoot = dir
				}
				return o.plan(ctx, t, s)
			})
			if err != nil {
				return nil, nil, err
			}
			if below.root = arg; below.noneFound() != nil {
				return nil, nil, below.noneFound()
			}
			all = append(all, plans...)
			v.join(below)
			continue
		}
		t, err := a.Existing(arg)
		if err != nil {
			return nil, nil, err
		}
		t.MayMove = !o.keepDataKey // two locations must not share a data key
		t.Unbound = o.unbound || o.acceptMAC
		targets = append(targets, t)
	}
	planned := map[string]bool{}
	for _, p := range all {
		if p != nil {
			planned[p.t.Path] = true
		}
	}
	targets = slices.DeleteFunc(targets, func(t *cli.Target) bool {
		twice := planned[t.Path]
		planned[t.Path] = true
		return twice
	})
	var done atomic.Int64
	plans, err := eachTarget(targets, func(t *cli.Target) (*rekeyPlan, error) {
		s, err := t.Read(ctx)
		if err == nil {
			var p *rekeyPlan
			if p, err = o.plan(ctx, t, s); err == nil {
				done.Add(1)
				return p, nil
			}
		}
		if ctx.Err() != nil {
			return nil, cli.ErrInterrupted
		}
		v.skip(t, s, err)
		return nil, nil
	})
	v.done += int(done.Load())
	v.sort()
	return append(all, plans...), v, err
}

// refuse returns an error if every file is skipped or, with --all-or-nothing, if any file
// is skipped.
func (o *rekeyOptions) refuse(plans []*rekeyPlan, v *unprocessed) error {
	if len(v.Skipped) == 0 || !o.allOrNothing && v.done > 0 {
		return nil
	}
	err := v.err()
	if len(v.Skipped) == 1 {
		return fmt.Errorf("no file written: %w", err)
	}
	v.report()
	err = fmt.Errorf("no file written: %s cannot be rekeyed%w", cli.Count(len(v.Skipped), "file", "files"), cli.Silent(err))
	if !errors.Is(err, keys.ErrNoIdentity) {
		return cli.WithHint(err, "") // the report has the hints
	}
	return err
}

// announce prints the changes of access, file by file. In a dry run, they are the answer.
// Otherwise they precede the prompt, so -q does not suppress them.
func (o *rekeyOptions) announce(plans []*rekeyPlan) {
	a := o.app
	var to io.Writer = a.Stderr
	switch {
	case o.dryRun && a.JSON:
		return // the report contains it
	case o.dryRun:
		to = a.Stdout
	case a.Quiet && o.yes:
		return
	}
	if len(plans) == 0 {
		fmt.Fprintln(to, "all files match .sops.yaml")
	}
	for _, line := range grouped(plans) {
		fmt.Fprintln(to, cli.Clean(line))
	}
	for _, p := range plans {
		if p.Accepted != nil {
			fmt.Fprintln(to, cli.Clean(p.t.Shown+": "+p.Accepted.String()))
		}
	}
	var leavers, unbound []string
	shut := 0
	for _, p := range plans {
		switch {
		case p.Shut:
			shut++
		case !p.bound && p.Accepted == nil: // accepted files have been reported
			unbound = append(unbound, p.t.Shown)
		}
		leavers = append(leavers, p.Loses...)
	}
	a.NoteUnbound(unbound...)
	if slices.ContainsFunc(plans, func(p *rekeyPlan) bool { return p.Rules != "" }) {
		a.Say("note: the rules of .sops.yaml change which values are encrypted; to keep the rules of the files, add: --keep-rules")
	}
	if shut > 0 {
		a.Say("note: no key for %s: compared recipients and rules with .sops.yaml; contents not verified", cli.Count(shut, "file", "files"))
	}
	if len(leavers) > 0 {
		a.Say("note: a person who loses access has seen the current values, and git keeps them; rotate the secrets where they were issued")
	}
	if o.keepDataKey {
		a.WarnKeepsDataKey(leavers, "rekey without --keep-data-key")
	}
}

// chunk is the number of files that are in memory at the same time.
func chunk() int { return 4 * runtime.GOMAXPROCS(0) }

// write replaces the files. It computes and writes a chunk of them at a time, and skips
// a file that changed in the meantime.
func (o *rekeyOptions) write(ctx context.Context, plans []*rekeyPlan, v *unprocessed) error {
	written := 0
	for rest := plans; len(rest) > 0; {
		part := rest[:min(chunk(), len(rest))]
		rest = rest[len(part):]
		renewals, err := eachTarget(part, func(p *rekeyPlan) (renewal, error) {
			r, err := o.renew(ctx, p)
			if err != nil && ctx.Err() == nil {
				v.skip(p.t, nil, err)
			}
			return r, ctx.Err()
		})
		if err != nil {
			return o.partly(plans, written, cli.ErrInterrupted)
		}
		for i, r := range renewals {
			if r.new == nil {
				continue
			}
			if ctx.Err() != nil {
				return o.partly(plans, written, cli.ErrInterrupted)
			}
			err := o.app.SaveAll(ctx, part[i].t, r.new, r.old)
			if part[i].Written = err == nil || errors.Is(err, atomicfile.ErrInPlace); part[i].Written {
				written++
			}
			if err != nil {
				return o.partly(plans, written, err)
			}
		}
	}
	return nil
}

// A renewal holds the current and the new file. The zero renewal changes no file.
type renewal struct{ old, new *envfile.Sealed }

// renew computes the new file and makes sure that its writer can decrypt it.
func (o *rekeyOptions) renew(ctx context.Context, p *rekeyPlan) (renewal, error) {
	s, err := p.t.Read(ctx)
	if err != nil {
		return renewal{}, err
	}
	if sha256.Sum256(s.Bytes()) != p.digest {
		return renewal{}, fmt.Errorf("%s: %w", p.t.Shown, atomicfile.ErrChanged)
	}
	expecting, err := o.app.Expecting(p.t, s)
	if err != nil {
		return renewal{}, err
	}
	to, err := p.rule.Recipients(keys.Default)
	if err != nil {
		return renewal{}, err
	}
	result, err := o.reencrypt(ctx, expecting, p, to)
	if err != nil {
		return renewal{}, p.t.At(err)
	}
	ids, err := o.app.IdentitiesFor(ctx, p.t)
	if err != nil {
		return renewal{}, err
	}
	// A stanza that was just wrapped for the user needs no proof. One that was kept
	// from the file, or made for a key without a name, does.
	if o.keepDataKey || len(to.Groups) > 1 || !cli.WrappedFor(result.Metadata(), cli.ProvenRecipients(ids)) {
		if err := lockedOutOf(o.app, p.t, p.rule, result.Unwraps(ctx, ids...)); err != nil {
			return renewal{}, err
		}
	}
	return renewal{s, result}, nil
}

func (o *rekeyOptions) reencrypt(ctx context.Context, s *envfile.Sealed, p *rekeyPlan, to envfile.Recipients) (*envfile.Sealed, error) {
	if p.Accepted != nil {
		r, err := s.RescueWith(p.key)
		if err != nil {
			return nil, err
		}
		return r.Rotate(ctx, p.rules, to)
	}
	opened, err := s.OpenWith(p.key)
	if err != nil {
		return nil, err
	}
	if o.keepDataKey {
		return opened.Rewrap(ctx, to)
	}
	return opened.Rotate(ctx, p.rules, to)
}

// lockedOutOf returns the error for a change after which the user could not decrypt the
// file. err is the error of the attempt.
func lockedOutOf(a *cli.App, t *cli.Target, rule *environments.Rule, err error) error {
	if err == nil {
		return nil
	}
	var groups *envfile.GroupsError
	if explained := cli.GroupsHint(err); explained != "" && errors.As(err, &groups) {
		return cli.WithHint(fmt.Errorf("%s: you would lock yourself out: %s%s", t.Shown, groups.Summary(), cli.Reasons(err)),
			"%s\nif you want several groups, run it with a key of each group", strings.TrimPrefix(cli.ServiceHint(err)+"\n"+explained, "\n"))
	}
	if why := cli.Reasons(err); why != "" { // it is encrypted for them, perhaps, but no service helps
		return cli.WithHint(fmt.Errorf("%s: you would lose access%s", t.Shown, why), "%s", cmp.Or(a.BrokenHint(err), cli.ServiceHint(err)))
	}
	return cli.WithHint(fmt.Errorf("%s: you would lock yourself out: your identities cannot decrypt it under the rule at %s:%d", t.Shown, cli.Shown(rule.Policy), rule.Line),
		"add your recipient (sealcfg key show), or ask someone who keeps access to run: sealcfg rekey %s", t.Name)
}

// partly returns the error of a run that could not write all files.
func (o *rekeyOptions) partly(plans []*rekeyPlan, done int, err error) error {
	if done == 0 {
		return fmt.Errorf("no file written: %w", err)
	}
	err = fmt.Errorf("%d of %d files written: %w", done, len(plans), err)
	if done < len(plans) {
		err = cli.WithHint(err, "each file is complete, old or new; to finish, run again: sealcfg rekey")
	}
	if o.app.JSON {
		err = errors.Join(err, o.app.PrintJSON(rekeyReport{plans, nil}))
	}
	return err
}

type rekeyReport struct {
	Files []*rekeyPlan `json:"files"`
	*unprocessed
}

func (o *rekeyOptions) finish(plans []*rekeyPlan, v *unprocessed) error {
	a := o.app
	if a.JSON {
		if err := a.PrintJSON(rekeyReport{append([]*rekeyPlan{}, plans...), v}); err != nil {
			return err
		}
	}
	switch {
	case o.dryRun:
		a.Say("dry run: no file written")
		if slices.ContainsFunc(plans, (*rekeyPlan).differs) {
			return cli.ErrProblems
		}
	case len(plans) > 0:
		written := 0
		for _, p := range plans {
			if p.Written {
				written++
			}
		}
		a.Say("rekeyed %s", cli.Count(written, "file", "files"))
	}
	if len(v.Skipped) > 0 {
		return cli.ErrProblems
	}
	return nil
}

// grouped describes plans, one line per change. Files with the same change share a line.
func grouped(plans []*rekeyPlan) []string {
	files := map[string][]string{}
	var order []string
	for _, p := range plans {
		change := p.String()
		if files[change] == nil {
			order = append(order, change)
		}
		files[change] = append(files[change], cli.CleanName(p.File))
	}
	var lines []string
	for _, change := range order {
		if names := files[change]; len(names) == 1 {
			lines = append(lines, names[0]+": "+change)
		} else {
			lines = append(lines, fmt.Sprintf("%d files: %s\n  %s", len(names), change, strings.Join(names, "\n  ")))
		}
	}
	return lines
}

// eachTarget runs fn for every element on all processors and returns the
// results in order. All errors are joined.
func eachTarget[A, B any](in []A, fn func(A) (B, error)) ([]B, error) {
	out := make([]B, len(in))
	errs := make([]error, len(in))
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range in {
		slots <- struct{}{}
		wg.Go(func() {
			out[i], errs[i] = fn(in[i])
			<-slots
		})
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

type rekeyOptions struct {
	app         *app
	envs        []string
	keepDataKey bool
	yes         bool
	dryRun      bool
	unbound     bool
}

func newRekeyCmd(a *app) *cobra.Command {
	o := &rekeyOptions{app: a}
	cmd := &cobra.Command{
		Use:     "rekey [ENV...]",
		Aliases: []string{"rotate-keys"},
		Short:   "Give files new keys, for the people whom .sops.yaml names",
		Long: `Rekey brings every file in line with .sops.yaml: who can read it, and which values
are sealed. Each file gets a new data key, so that whoever lost access cannot
read what is written from now on. Without ENV it does all environments, and
what lies beside them sealed as one value, such as a certificate. Sealed files
in other folders it does when they are named.

A file that was sealed for another place, such as one that was renamed, is refused
by every command. Named here, it is sealed anew for where it is now.

So is one without a binding, where sealcfg.yaml demands one: sops has written it
last, or somebody took the binding out. With --accept-unbound, what is named is
taken as it stands, and bound.

With --keep-data-key it only wraps the same data key for other people (what sops
calls updatekeys): no value changes, and leavers can still read later versions
if they kept the key.

It first says who gains and who loses access, and asks; off a terminal it needs
--yes. With --dry-run the exit code is 3 if a file is not what .sops.yaml says.
That takes no key; with one, it is also known whether the files authenticate.

Everything is computed before the first file is written, each file is
replaced as a whole, and a run that was cut off can be repeated.`,
		Example: `  sealcfg rekey --dry-run
  sealcfg rekey
  sealcfg rekey prod --yes
  sealcfg rekey --keep-data-key`,
		Args:              between(0, -1, "environments"),
		ValidArgsFunction: a.completeEnvs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.envs = args
			return runRekey(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.keepDataKey, "keep-data-key", false, "only re-wrap the data key; do not make a new one")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVarP(&o.dryRun, "dry-run", "n", false, "say what would change, write nothing")
	cmd.Flags().BoolVar(&o.unbound, "accept-unbound", false, "take named files as they stand, though they lack the binding that sealcfg.yaml demands")
	return cmd
}

// check refuses flags that do not go together.
func (o *rekeyOptions) check() error {
	switch {
	case o.unbound && len(o.envs) == 0:
		return usagef("--accept-unbound is for files that are named, and looked at")
	case o.unbound && o.keepDataKey:
		// It may be the file of another place, and two places are not to share a data key.
		return usagef("--accept-unbound makes a new data key: leave --keep-data-key out")
	}
	return nil
}

func runRekey(ctx context.Context, o *rekeyOptions) error {
	a := o.app
	if err := o.check(); err != nil {
		return err
	}
	targets, err := o.targets()
	if err != nil {
		return err
	}
	if _, err := a.loadIdentities(ctx); err != nil {
		return err
	}
	plans, err := eachTarget(targets, func(t *target) (*rekeyPlan, error) { return o.plan(ctx, t) })
	if err != nil {
		return err
	}
	plans = slices.DeleteFunc(plans, func(p *rekeyPlan) bool { return p == nil })
	o.announce(plans)
	switch {
	case o.dryRun || len(plans) == 0:
		return o.finish(plans)
	case !o.yes && !a.interactive():
		return withHint(usagef("rekey asks before it writes, and there is no terminal to ask on"), "pass --yes, or --dry-run to look first")
	case !o.yes:
		yes, err := a.ask(ctx, fmt.Sprintf("rewrite %s?", countOf(len(plans), "file", "files")))
		if err != nil {
			return err
		}
		if !yes {
			return errors.New("nothing written: you did not say yes")
		}
	}
	if _, err := eachTarget(plans, func(p *rekeyPlan) (*rekeyPlan, error) { return nil, o.prepare(ctx, p) }); err != nil {
		return fmt.Errorf("nothing written: %w", err)
	}
	for i, p := range plans {
		if err := ctx.Err(); err != nil {
			return o.partly(plans, i, errInterrupted)
		}
		if err := p.t.save(p.result, p.old); err != nil {
			return o.partly(plans, i, err)
		}
		p.Written = true
	}
	return o.finish(plans)
}

// targets lists the files: those named, or every layer of every environment.
func (o *rekeyOptions) targets() ([]*target, error) {
	a := o.app
	if len(o.envs) > 0 {
		var targets []*target
		for _, arg := range o.envs {
			t, err := a.existing(arg)
			if err != nil {
				return nil, err
			}
			t.mayMove = !o.keepDataKey // two places are not to share a data key
			t.unbound = o.unbound
			if !slices.ContainsFunc(targets, func(other *target) bool { return other.path == t.path }) {
				targets = append(targets, t)
			}
		}
		return targets, nil
	}
	project, err := a.project()
	if err != nil {
		return nil, err
	}
	envs, err := project.Environments()
	if err != nil {
		return nil, err
	}
	if len(envs) == 0 {
		return nil, withHint(fmt.Errorf("no environments in %s", project.Root), "sealcfg init makes dev, test and prod; is the project elsewhere? then go there, or name its folder with -C")
	}
	var targets []*target
	seen := map[string]bool{}
	for _, env := range envs {
		for _, layer := range env.Layers {
			if seen[layer.Path] {
				continue
			}
			seen[layer.Path] = true
			targets = append(targets, a.newTarget(environments.Environment{Name: layer.Name, Path: layer.Path, Exists: true}))
		}
	}
	others, err := a.besideEnvironments(project, seen)
	return append(targets, others...), err
}

// besideEnvironments are the files in the environments' folder that are sealed
// as one value: a certificate that prod needs. A leaver must not keep them.
func (a *app) besideEnvironments(project *environments.Project, seen map[string]bool) ([]*target, error) {
	dir := filepath.Join(project.Root, environments.Folder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var targets []*target
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if _, known := envfile.FormatOf(path); known || e.IsDir() || seen[path] {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if _, err := envfile.ParseSealed(envfile.Binary, src); err != nil {
			// Passed over, a broken one would stay with a leaver.
			if bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")) && bytes.Contains(src, []byte("ENC[AES256_GCM,")) {
				return nil, withHint(fmt.Errorf("%s holds a sealed value, but cannot be read as a sealed file: %w", shown(path), err),
					"repair it, or name the files that are to be rekeyed")
			}
			continue // a plain file: none of ours
		}
		t := a.newTarget(environments.Environment{Name: shown(path), Path: path, Exists: true})
		t.format = envfile.Binary
		targets = append(targets, t)
	}
	return targets, nil
}

// announce says who gains and who loses access to which file. That is the answer
// of a dry run, and what the question is about: then -q does not silence it.
func (o *rekeyOptions) announce(plans []*rekeyPlan) {
	a := o.app
	var to io.Writer = a.err
	switch {
	case o.dryRun && a.json:
		return // the report says it
	case o.dryRun:
		to = a.out
	case a.quiet && o.yes:
		return
	}
	if len(plans) == 0 {
		fmt.Fprintln(to, "every file is in line with .sops.yaml; nothing to do")
	}
	var leavers []string
	shut := 0
	for _, p := range plans {
		fmt.Fprintln(to, cleanName(p.String()))
		if p.Shut {
			shut++
		} else {
			a.noteUnbound(p.t, p.opened)
		}
		leavers = append(leavers, p.Loses...)
	}
	if shut > 0 {
		a.say("note: no key at hand opens %s: compared is what they say of themselves, and whether they authenticate is not known", countOf(shut, "file", "files"))
	}
	if len(leavers) > 0 {
		a.say("note: whoever loses access has seen the values of today, and git keeps them; change the secrets themselves where they are issued")
	}
	if o.keepDataKey {
		a.warnKeepsDataKey(leavers, "rekey without --keep-data-key")
	}
}

// wrappedFor reports whether one of the recipients has a stanza.
func wrappedFor(meta *envfile.Metadata, recipients []string) bool {
	return slices.ContainsFunc(meta.Stanzas(), func(s *keys.Stanza) bool {
		return isOneOf(keys.Name(s), recipients)
	})
}

// prepare computes the new file and makes sure that its writer can open it.
func (o *rekeyOptions) prepare(ctx context.Context, p *rekeyPlan) error {
	var err error
	if o.keepDataKey {
		p.result, err = p.opened.Rewrap(ctx, p.to)
	} else {
		p.result, err = p.opened.Rotate(ctx, p.rule.Rules, p.to)
	}
	if err != nil {
		return p.t.at(err)
	}
	ids, err := o.app.identitiesFor(ctx, p.t)
	if err != nil {
		return err
	}
	// A stanza that was just wrapped for the user needs no proof; one that was
	// kept from the file, or made for a key without a name of its own, does.
	if !o.keepDataKey && len(p.to.Groups) == 1 && wrappedFor(p.result.Metadata(), provenRecipients(ids)) {
		return nil
	}
	if err := p.result.Unwraps(ctx, ids...); err != nil {
		if why := reasons(err); why != "" { // named, perhaps, but not let in
			return withHint(fmt.Errorf("%s: you could not open it any more%s", p.t.shown, why), "%s", cmp.Or(o.app.brokenHint(err), serviceHint(err)))
		}
		return withHint(fmt.Errorf("%s: you would lock yourself out: .sops.yaml does not name you for it", p.t.shown),
			"add your recipient to .sops.yaml (sealcfg key show prints it), or let somebody do it who stays")
	}
	return nil
}

// partly ends a run in which a file could not be written.
func (o *rekeyOptions) partly(plans []*rekeyPlan, done int, err error) error {
	if done == 0 {
		return fmt.Errorf("nothing written: %w", err)
	}
	err = withHint(fmt.Errorf("%d of %d files written: %w", done, len(plans), err),
		"every file is whole, old or new; run sealcfg rekey again to finish")
	if o.app.json {
		err = errors.Join(err, o.app.printJSON(rekeyReport{plans}))
	}
	return err
}

type rekeyReport struct {
	Files []*rekeyPlan `json:"files"`
}

func (o *rekeyOptions) finish(plans []*rekeyPlan) error {
	a := o.app
	if a.json {
		if err := a.printJSON(rekeyReport{append([]*rekeyPlan{}, plans...)}); err != nil {
			return err
		}
	}
	switch {
	case o.dryRun:
		a.say("dry run: nothing written")
		if slices.ContainsFunc(plans, (*rekeyPlan).differs) {
			return errProblems
		}
	case len(plans) > 0:
		a.say("rekeyed %s", countOf(len(plans), "file", "files"))
	}
	return nil
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

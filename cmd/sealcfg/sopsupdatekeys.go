package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// updateKeys is sops updatekeys: the data key is wrapped for those whom
// .sops.yaml names. Files after one that failed are done all the same, as in sops.
func (r *sopsRun) updateKeys(ctx context.Context) error {
	if len(r.rest) == 0 {
		return sopsError(sopsNoFile, "no file specified")
	}
	files := r.rest
	failed := 0
	for _, file := range files {
		if ctx.Err() != nil {
			return errInterrupted
		}
		r.rest = []string{file}
		err := r.updateOne(ctx)
		if err != nil && len(files) == 1 {
			return err
		}
		if err != nil {
			r.end(err)
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("failed updating %s", countOf(failed, "file", "files"))
	}
	return nil
}

func (r *sopsRun) updateOne(ctx context.Context) error {
	f, err := r.file(sopsGeneric)
	if err != nil {
		return err
	}
	if f.stdin {
		return errors.New("updatekeys changes a file, not stdin")
	}
	policy, rule, err := f.rule()
	if err != nil {
		return err
	}
	s, err := r.sealedText(ctx, f)
	if err != nil {
		return coded{err, sopsGeneric}
	}
	gain, lose := difference(policy, rule, s.Metadata())
	if len(gain)+len(lose) == 0 && sameGroups(rule, s.Metadata()) {
		fmt.Fprintf(r.err, "File %s already up to date\n", clean(f.shown))
		return nil
	}
	if err := r.warnRules(f.target, s.Metadata()); err != nil {
		return err
	}
	if yes, err := r.agreed(ctx, f, policy, rule, s.Metadata()); err != nil || !yes {
		return err
	}
	to, err := rule.Recipients(keys.Default)
	if err != nil {
		return err
	}
	opened, err := r.openSealed(ctx, f.target, s)
	if err != nil {
		return err
	}
	result, err := opened.Rewrap(ctx, to)
	if err != nil {
		return f.at(err)
	}
	if err := r.keepsWriter(ctx, f.target, result); err != nil {
		return err
	}
	if err := r.saveChanged(ctx, f, result, s.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(r.err, "File %s synced with new keys\n", clean(f.shown))
	r.warnKeepsDataKey(lose, "sops rotate")
	return nil
}

// agreed shows who gains and who loses access, and asks.
func (r *sopsRun) agreed(ctx context.Context, f *sopsFile, policy *environments.Policy, rule *environments.Rule, meta *envfile.Metadata) (bool, error) {
	gain, lose := difference(policy, rule, meta)
	fmt.Fprintln(r.out, "The following changes will be made to the file's groups:")
	for _, who := range gain {
		fmt.Fprintf(r.out, "+++ %s\n", cleanName(who))
	}
	for _, who := range lose {
		fmt.Fprintf(r.out, "--- %s\n", cleanName(who))
	}
	if !sameGroups(rule, meta) {
		fmt.Fprintf(r.out, "%s\n", clean(describeGroups(rule)))
	}
	for !r.on("yes") {
		fmt.Fprint(r.out, "Is this okay? (y/n):")
		type line struct {
			text string
			err  error
		}
		answer, err := waitFor(ctx, func() (line, error) {
			text, err := readLine(r.in)
			return line{text, err}, nil
		})
		switch {
		case err != nil:
			return false, err
		case answer.text == "y":
			return true, nil
		case answer.text == "n":
			fmt.Fprintf(r.err, "File %s left unchanged\n", clean(f.shown))
			return false, nil
		case errors.Is(answer.err, io.EOF):
			return false, withHint(errors.New("updatekeys asks before it writes, and there is nobody to answer"), "pass --yes")
		case answer.err != nil:
			return false, answer.err
		}
	}
	return true, nil
}

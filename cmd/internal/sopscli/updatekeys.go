package sopscli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// updateKeys implements sops updatekeys. It wraps the data key for the recipients in
// .sops.yaml. As in sops, it continues with the next file after an error.
func (r *invocation) updateKeys(ctx context.Context) error {
	if len(r.rest) == 0 {
		return errorf(codeNoFile, "no file specified")
	}
	files := r.rest
	failed := 0
	for _, file := range files {
		if ctx.Err() != nil {
			return cli.ErrInterrupted
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
		return fmt.Errorf("failed updating %s", cli.Count(failed, "file", "files"))
	}
	return nil
}

func (r *invocation) updateOne(ctx context.Context) error {
	f, err := r.file(codeGeneric)
	if err != nil {
		return err
	}
	if f.stdin {
		return errors.New("updatekeys requires a file, not stdin")
	}
	policy, rule, err := f.Rule()
	if err != nil {
		return err
	}
	s, err := r.readSealed(ctx, f)
	if err != nil {
		return coded{err, codeGeneric}
	}
	gain, lose := cli.RecipientChanges(policy, rule, s.Metadata())
	if len(gain)+len(lose) == 0 && cli.SameGroups(rule, s.Metadata()) {
		fmt.Fprintf(r.Stderr, "File %s already up to date\n", cli.Clean(f.Shown))
		return nil
	}
	if err := r.WarnRules(f.Target, s.Metadata()); err != nil {
		return err
	}
	if yes, err := r.agreed(ctx, f, policy, rule, s.Metadata()); err != nil || !yes {
		return err
	}
	to, err := rule.Recipients(keys.Default)
	if err != nil {
		return err
	}
	opened, err := r.OpenSealed(ctx, f.Target, s)
	if err != nil {
		return err
	}
	result, err := opened.Rewrap(ctx, to)
	if err != nil {
		return f.At(err)
	}
	if err := r.keepsWriter(ctx, f.Target, result); err != nil {
		return err
	}
	if err := r.saveChanged(ctx, f, result, s.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(r.Stderr, "File %s synced with new keys\n", cli.Clean(f.Shown))
	r.WarnKeepsDataKey(lose, "sops rotate")
	return nil
}

// agreed prints the recipients that gain or lose access, and prompts for confirmation.
func (r *invocation) agreed(ctx context.Context, f *inputFile, policy *environments.Policy, rule *environments.Rule, meta *envfile.Metadata) (bool, error) {
	gain, lose := cli.RecipientChanges(policy, rule, meta)
	fmt.Fprintln(r.Stdout, "The following changes will be made to the file's groups:")
	for _, name := range gain {
		fmt.Fprintf(r.Stdout, "+++ %s\n", cli.CleanName(name))
	}
	for _, name := range lose {
		fmt.Fprintf(r.Stdout, "--- %s\n", cli.CleanName(name))
	}
	if !cli.SameGroups(rule, meta) {
		fmt.Fprintf(r.Stdout, "%s\n", cli.Clean(cli.DescribeGroups(rule)))
	}
	for !r.on("yes") {
		fmt.Fprint(r.Stdout, "Is this okay? (y/n):")
		type line struct {
			text string
			err  error
		}
		answer, err := cli.WaitFor(ctx, func() (line, error) {
			text, err := cli.ReadLine(r.Stdin)
			return line{text, err}, nil
		})
		switch {
		case err != nil:
			return false, err
		case answer.text == "y":
			return true, nil
		case answer.text == "n":
			fmt.Fprintf(r.Stderr, "File %s left unchanged\n", cli.Clean(f.Shown))
			return false, nil
		case errors.Is(answer.err, io.EOF):
			return false, cli.WithHint(errors.New("updatekeys requires a confirmation, but stdin has ended"),
				"to confirm, run: %s updatekeys --yes %s", programName(), cli.ShellWord(f.Shown))
		case answer.err != nil:
			return false, answer.err
		}
	}
	return true, nil
}

package sopscli

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/editing"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
)

// edit implements sops edit, and sops with only a file.
func (r *invocation) edit(ctx context.Context) error {
	if len(r.rest) == 0 {
		return errorf(codeNoFile, "no file specified")
	}
	if err := r.oneFile(); err != nil {
		return err
	}
	f, err := r.file(0)
	if err != nil {
		return err
	}
	if f.stdin {
		return errorf(codeNoFile, "edit requires a file, not stdin")
	}
	text, err := cli.ReadFile(ctx, f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the file exists but cannot be read
		return withCode(err, codeNoRead)
	}
	f.detectFormat(text)
	if err := f.sameType(); err != nil {
		return err
	}
	f.Env.Exists = text != nil
	f.Target.Path = f.path
	if !f.Env.Exists {
		found := r.TargetOf(f.Env) // its rule, before flags change it
		found.FindRule = f.FindRule
		f.FindRule = func() (*environments.Policy, *environments.Rule, error) {
			rule, err := r.ruleForNew(found)
			if err != nil {
				return nil, nil, err
			}
			policy, err := r.policy()
			if err != nil { // the recipients are on the command line
				policy = nil
			}
			return policy, rule, nil
		}
	}
	var conflict *editing.ConflictError
	changed, err := editing.Edit(ctx, r.App, f.Target, false, editing.Neither)
	switch {
	case errors.Is(err, atomicfile.ErrChanged), errors.Is(err, atomicfile.ErrExists), errors.As(err, &conflict):
		return withCode(err, codeNoWrite)
	case err != nil:
		return err
	case !changed:
		return errorf(codeUnchanged, "File has not changed, exiting.")
	}
	r.log.info("CMD", fileWritten)
	return nil
}

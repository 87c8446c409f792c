package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
)

// edit is sops edit, and sops with nothing but a file.
func (r *sopsRun) edit(ctx context.Context) error {
	if len(r.rest) == 0 {
		return sopsError(sopsNoFile, "no file specified")
	}
	if err := r.oneFile(); err != nil {
		return err
	}
	f, err := r.file(0)
	if err != nil {
		return err
	}
	if f.stdin {
		return sopsError(sopsNoFile, "an editor needs a file, not stdin")
	}
	text, err := readAny(ctx, f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // it may well be there
		return withCode(err, sopsNoRead)
	}
	f.see(text)
	if err := f.sameType(); err != nil {
		return err
	}
	f.env.Exists = text != nil
	f.target.path = f.path
	if !f.env.Exists {
		t := *f.target
		f.ruled = func() (*environments.Policy, *environments.Rule, error) {
			rule, err := r.ruleForNew(&t)
			if err != nil {
				return nil, nil, err
			}
			policy, err := r.policy()
			if err != nil { // recipients come from the command line
				policy = nil
			}
			return policy, rule, nil
		}
	}
	var conflict *fieldConflict
	changed, err := r.editTarget(ctx, f.target, false, neither)
	switch {
	case errors.Is(err, atomicfile.ErrChanged), errors.Is(err, atomicfile.ErrExists), errors.As(err, &conflict):
		return withCode(err, sopsNoWrite)
	case err != nil:
		return err
	case !changed:
		return sopsError(sopsUnchanged, "File has not changed, exiting.")
	}
	r.log.info("CMD", fileWritten)
	return nil
}

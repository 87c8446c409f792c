package main

import (
	"context"
	"errors"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
)

// applyTo changes one field of a decrypted file and writes the file. If another program
// writes the file first, applyTo reads it again and repeats the change. check, which may
// be nil, can reject the changes before they are written.
func applyTo(ctx context.Context, a *cli.App, t *cli.Target, opened *envfile.Opened, change func(*envfile.Opened) (envfile.Op, error), check checkWrite) error {
	for try := 1; ; try++ {
		other, err := a.CheckPolicy(ctx, t, opened)
		if err != nil {
			return err
		}
		op, err := change(opened)
		if err != nil {
			return err
		}
		err = applyOnce(ctx, a, t, opened, op, other, check)
		if !errors.Is(err, atomicfile.ErrChanged) || try == cli.ManyTries || ctx.Err() != nil {
			return err
		}
		if opened, err = a.Open(ctx, t); err != nil {
			return err
		}
	}
}

// checkWrite decides whether changes to a file may be written.
type checkWrite func(ctx context.Context, t *cli.Target, old *envfile.Sealed, changes []cli.Change) error

func applyOnce(ctx context.Context, a *cli.App, t *cli.Target, opened *envfile.Opened, op envfile.Op, other *cli.PolicyRules, check checkWrite) error {
	if !opened.Bound() {
		a.NoteUnbound(t.Shown)
	}
	s, ok, err := opened.ApplyInPlace(op)
	if err != nil {
		return t.At(err)
	}
	if ok {
		if err := a.Save(ctx, t, s, opened.Sealed()); err != nil {
			return err
		}
		return a.ReportChanges([]cli.Change{{Kind: "changed", FieldName: cli.NameOfField(0, op.Path(), false)}})
	}
	before, err := opened.Document()
	if err != nil {
		return t.At(err)
	}
	after, err := before.Apply(op)
	if err != nil {
		if errors.Is(err, envfile.ErrNoField) {
			return cli.WithHint(t.At(err), "to list the fields, run: sealcfg view %s", t.Name)
		}
		if cli.IsUsage(err) {
			return cli.Usage(t.At(err))
		}
		return t.OnceInEditor(err)
	}
	if err := a.Guard(t, opened, after, other); err != nil {
		return err
	}
	if string(before.Bytes()) == string(after.Bytes()) {
		a.Say("%s: no change; file not written", t.Shown)
		return a.ReportChanges(nil)
	}
	s, err = opened.Reseal(after)
	if err != nil {
		return t.At(err)
	}
	if check != nil {
		if err := check(ctx, t, opened.Sealed(), cli.ChangesTo(s, before.Roots(), after.Roots())); err != nil {
			return err
		}
	}
	return a.ReplaceSealed(ctx, t, opened.Sealed(), s, before, after)
}

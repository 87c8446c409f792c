package main

import (
	"context"
	"errors"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
)

// applyTo changes one field of an open file and writes the file. If another program
// writes it first, applyTo reads it again and applies the change to the new contents.
// check, which may be nil, can reject the changes before they are written.
func (a *app) applyTo(ctx context.Context, t *target, opened *envfile.Opened, change func(*envfile.Opened) (envfile.Op, error), check checkWrite) error {
	for try := 1; ; try++ {
		other, err := a.checkPolicy(ctx, t, opened)
		if err != nil {
			return err
		}
		op, err := change(opened)
		if err != nil {
			return err
		}
		err = a.applyOnce(ctx, t, opened, op, other, check)
		if !errors.Is(err, atomicfile.ErrChanged) || try == manyTries || ctx.Err() != nil {
			return err
		}
		if opened, err = a.open(ctx, t); err != nil {
			return err
		}
	}
}

// checkWrite decides whether changes to a file may be written.
type checkWrite func(ctx context.Context, t *target, old *envfile.Sealed, changes []change) error

func (a *app) applyOnce(ctx context.Context, t *target, opened *envfile.Opened, op envfile.Op, other *otherRules, check checkWrite) error {
	if !opened.Bound() {
		a.noteUnbound(t.shown)
	}
	s, ok, err := opened.ApplyInPlace(op)
	if err != nil {
		return t.at(err)
	}
	if ok {
		if err := a.save(ctx, t, s, opened.Sealed()); err != nil {
			return err
		}
		return a.reportChanges([]change{{Kind: "changed", fieldName: nameOfField(0, op.Path(), false)}})
	}
	before, err := opened.Document()
	if err != nil {
		return t.at(err)
	}
	after, err := before.Apply(op)
	if err != nil {
		if errors.Is(err, envfile.ErrNoField) {
			return withHint(t.at(err), "sealcfg view %s lists the fields", t.name)
		}
		if isUsage(err) {
			return usage(t.at(err))
		}
		return t.onceInEditor(err)
	}
	if err := a.guard(t, opened, after, other); err != nil {
		return err
	}
	if string(before.Bytes()) == string(after.Bytes()) {
		a.say("%s: no change, nothing written", t.shown)
		return a.reportChanges(nil)
	}
	s, err = opened.Reseal(after)
	if err != nil {
		return t.at(err)
	}
	if check != nil {
		if err := check(ctx, t, opened.Sealed(), changesTo(s, before.Roots(), after.Roots())); err != nil {
			return err
		}
	}
	return a.replaceSealed(ctx, t, opened.Sealed(), s, before, after)
}

package ageplugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"filippo.io/age/plugin"

	"github.com/sealcfg/sealcfg/internal/privatekey"
	"github.com/sealcfg/sealcfg/keys"
)

type recipient struct{ text, program string }

// Starts reports whether to wrap for a recipient starts a program that it names.
func Starts(r keys.Recipient) bool {
	_, ok := r.(*recipient)
	return ok
}

func (r *recipient) String() string { return r.text }

// Wrap starts the plugin. It may prompt with the Source of [keys.WithSource].
func (r *recipient) Wrap(ctx context.Context, secret []byte) (*keys.Stanza, error) {
	secret = bytes.Clone(secret) // the plugin may outlive the call
	d := newDialogue(ctx, r.program, keys.SourceOf(ctx))
	stanza, err := await(ctx, func() (*keys.Stanza, error) {
		p, err := plugin.NewRecipient(r.text, d.ui())
		if err != nil {
			return nil, fmt.Errorf("malformed age recipient %q", r.text)
		}
		return keys.AgeRecipient(p, r.text).Wrap(ctx, secret)
	})
	if err != nil {
		return nil, fmt.Errorf("wrap for %s: %w", r.text, d.explain(err))
	}
	return stanza, nil
}

// await waits for a function no longer than for the context.
func await[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	done := make(chan result, 1)
	go func() {
		v, err := do()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// A NotInstalledError reports that the program of a plugin is not on PATH.
type NotInstalledError struct {
	Program string // its name, for example "age-plugin-yubikey"
	err     error
}

func (e *NotInstalledError) Error() string { return e.Program + " not found on PATH" }

// Unwrap returns the error of the search on PATH.
func (e *NotInstalledError) Unwrap() error { return e.err }

// explain returns an error that names a missing program or answer. A plugin may quote
// the identity or an answer, so err is not in its chain.
func (d *dialogue) explain(err error) error {
	var missing *plugin.NotFoundError
	if errors.As(err, &missing) {
		return &NotInstalledError{d.program, missing}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	text := d.withoutAnswers(privatekey.Hide(err.Error()))
	if q := d.unanswered(); q != "" {
		return fmt.Errorf("%s (it prompted %q and got no answer)", text, q)
	}
	return errors.New(text)
}

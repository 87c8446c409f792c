package keys

import (
	"context"
	"fmt"

	"github.com/sealcfg/sealcfg/internal/shellwords"
)

// Locked is what [Source.Looked] is told of a place whose identities are
// encrypted with a passphrase: how many they are is known once it was asked for.
const Locked = -1

// Env looks a variable up. One that is empty counts as not set: that is how a
// shell or a pipeline takes a variable away.
func (s Source) Env(name string) (string, bool) { return s.env(name) }

// Report calls Looked, if there is one.
func (s Source) Report(place string, found int) {
	if s.Looked != nil {
		s.Looked(place, found)
	}
}

// Output runs the command line that a variable holds, split as a shell splits
// words, and returns what it prints. ok is false if there is none, or if nothing
// can be run.
func (s Source) Output(ctx context.Context, variable string) (out []byte, ok bool, err error) {
	line, ok := s.env(variable)
	if !ok || s.Run == nil {
		return nil, false, nil
	}
	argv, err := shellwords.Split(line)
	if err == nil && len(argv) == 0 {
		return nil, false, fmt.Errorf("$%s is empty", variable)
	}
	if err == nil {
		out, err = s.Run(ctx, argv)
	}
	if err != nil {
		return nil, false, fmt.Errorf("$%s: %w", variable, err)
	}
	return out, true, nil
}

type sourceKey struct{}

// WithSource returns a context for [Recipient.Wrap] that knows whom to ask: a
// recipient is made of a text alone, but the program behind it may have a
// question. Only Prompt, Confirm and Notify of src are used.
func WithSource(ctx context.Context, src Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, Source{Prompt: src.Prompt, Confirm: src.Confirm, Notify: src.Notify})
}

// SourceOf returns what [WithSource] put into a context, or a Source without
// anybody to ask.
func SourceOf(ctx context.Context) Source {
	src, _ := ctx.Value(sourceKey{}).(Source)
	return src
}

package sealcfg

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/sealcfg/sealcfg/internal/secretmem"
	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// A Loader loads settings of type T from the same sources, any number of times. After its
// flags are defined, it is safe for concurrent use.
type Loader[T any] struct {
	core func() *loader // a closure, so that printers do not show the values and identities in options
}

// New returns a loader of settings of type T, which must be a struct. The package
// documentation describes how fields are named and filled. New reads no source. If T or an
// option is invalid, Load returns the error.
func New[T any](opts ...Option) *Loader[T] {
	l := newLoader(reflect.TypeFor[T](), opts)
	return &Loader[T]{core: func() *loader { return l }}
}

// Load reads all sources and returns a handle to the settings. It returns the same errors
// as the function [Load].
func (l *Loader[T]) Load(ctx context.Context) (*Handle[T], error) {
	h := &Handle[T]{loader: l.core}
	s, err := l.core().load(ctx, "")
	if err != nil {
		return nil, err
	}
	h.now.Store(s)
	return h, nil
}

// A loader is a [Loader] without the type parameter, so that a program with several types
// of settings contains the code once.
type loader struct {
	plan  *plan.Plan
	o     *options
	flags []Source // defined by [Flags]
	err   error    // in the type or the options
}

func newLoader(t reflect.Type, opts []Option) *loader {
	o, err := newOptions(opts)
	p, planErr := bind.PlanOf(t)
	if p != nil {
		p.DefaultsOnce.Do(func() { p.DefaultsErr = p.DefaultReferences() })
		planErr = p.DefaultsErr
	}
	return &loader{plan: p, o: o, err: errors.Join(planErr, err)}
}

// A snapshot is the result of one load. It does not change.
type snapshot struct {
	env      string
	value    reflect.Value // *T
	origins  *Origins
	warnings []*Problem
	layers   []explainedLayer

	secretDirs []string
}

// load reads all sources. If env is "", the options or a variable choose the environment.
// Errors contain no private keys.
func (l *loader) load(ctx context.Context, env string) (*snapshot, error) {
	s, err := l.tryLoad(ctx, env)
	return s, l.o.keyless(err)
}

func (l *loader) tryLoad(ctx context.Context, env string) (*snapshot, error) {
	if l.err != nil {
		return nil, fmt.Errorf("load settings: %w", l.err)
	}
	if env == "" && !l.o.withoutFiles {
		var err error
		if env, err = l.o.environment(); err != nil {
			return nil, fmt.Errorf("load settings: %w", err)
		}
	}
	s, err := l.read(ctx, env)
	var problems *Error
	switch {
	case err == nil, errors.As(err, &problems):
		return s, err
	case env == "":
		return nil, fmt.Errorf("load settings: %w", err)
	}
	return nil, fmt.Errorf("load settings for %q: %w", env, err)
}

func (l *loader) read(ctx context.Context, env string) (*snapshot, error) {
	sources, file, err := l.sources(env)
	if err != nil {
		return nil, err
	}
	ctx, end := withShare(ctx)
	defer end()
	var s *snapshot
	secretmem.Do(func() { s, err = l.open(ctx, env, sources, file) })
	if s != nil && l.o.onWarning != nil {
		for _, w := range s.warnings {
			l.o.onWarning(w)
		}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// open reads the sources and binds their settings. It creates all objects that hold values
// on the way from a file to the settings, so that they can be erased. If open returns an
// error, the snapshot is nil or holds only warnings.
func (l *loader) open(ctx context.Context, env string, sources []Source, file string) (*snapshot, error) {
	all, err := readAll(ctx, sources, l.plan, l.o.strict)
	if err != nil {
		return nil, err
	}
	if err := l.o.resolve(ctx, l.plan, all.tree); err != nil {
		return nil, err
	}
	warnings := append(problemsOf(all.warnings), projectWarnings(sources)...)
	v, root := reflect.New(l.plan.Type), orEmpty(all.tree)
	b := &bind.Binder{File: file, Prefix: l.o.prefix, Root: l.plan, Problems: all.problems, Origins: make([]bind.Bound, 0, root.Leaves())}
	b.Bind(l.plan, v.Elem(), root, &tree.FieldPath{})
	b.ValidateAll(l.o.validations, l.plan, v, root.Origin)
	if b.Count() > 0 {
		return &snapshot{warnings: warnings}, &Error{Env: env, Problems: problemsOf(b.All())}
	}
	return &snapshot{env: env, value: v, origins: &Origins{table: bind.NewOriginTable(b.Origins)}, warnings: warnings, layers: layersOf(sources), secretDirs: secretDirsOf(sources)}, nil
}

// orEmpty returns n, or an empty map if n is nil because no source sets anything.
func orEmpty(n *tree.Node) *tree.Node {
	if n == nil {
		return &tree.Node{Kind: tree.NodeMap, Origin: Origin{Default: true}}
	}
	return n
}

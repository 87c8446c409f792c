package sealcfg

import "context"

// A source is one place that settings come from. Sources are read weakest
// first, and each is laid over the ones before it.
type source interface {
	// read returns what the source says, nil for nothing. p is the plan of the
	// settings, below what the weaker sources say; neither may be changed.
	// What is wrong with a single setting goes into its node; an error ends the load.
	read(ctx context.Context, p *plan, below *node) (*node, error)
}

func readAll(ctx context.Context, sources []source, p *plan) (*node, error) {
	var tree *node
	for _, s := range sources {
		over, err := s.read(ctx, p, tree)
		if err != nil {
			return nil, err
		}
		tree = merge(tree, over)
	}
	return tree, nil
}

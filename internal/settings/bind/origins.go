package bind

import (
	"sync"

	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// An OriginTable spells paths when it is first asked for one: most programs never do.
type OriginTable struct {
	all   []Bound
	once  sync.Once
	paths []string
	index map[string]int
}

type Bound struct {
	at     *tree.FieldPath
	origin source.Origin
}

// NewOriginTable returns the table of what was bound.
func NewOriginTable(all []Bound) *OriginTable { return &OriginTable{all: all} }

// Of returns the origin of a path, and the zero Origin if it has none.
func (t *OriginTable) Of(path string) source.Origin {
	t.spell()
	if t == nil {
		return source.Origin{}
	}
	if i, ok := t.index[path]; ok {
		return t.all[i].origin
	}
	return source.Origin{}
}

// Each yields path and origin of each setting.
func (t *OriginTable) Each(yield func(string, source.Origin) bool) {
	t.spell()
	if t == nil {
		return
	}
	for i, p := range t.all {
		if !yield(t.paths[i], p.origin) {
			return
		}
	}
}

func (t *OriginTable) spell() {
	if t == nil {
		return
	}
	t.once.Do(func() {
		t.paths, t.index = make([]string, len(t.all)), make(map[string]int, len(t.all))
		for i, p := range t.all {
			t.paths[i] = p.at.Text()
			t.index[p.at.Revealed()] = i
		}
	})
}

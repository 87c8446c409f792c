package bind

import (
	"sync"

	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// An OriginTable maps the paths of settings to their origins. It builds the paths when it is first
// used, because most programs never use it.
type OriginTable struct {
	all   []Bound
	once  sync.Once
	paths []string
	index map[string]int
}

// A Bound is a setting that has a value, with the origin of the value.
type Bound struct {
	at     *tree.FieldPath
	origin source.Origin
}

// NewOriginTable returns a table of the bound settings.
func NewOriginTable(all []Bound) *OriginTable { return &OriginTable{all: all} }

// Of returns the origin of the setting at path, and the zero Origin if it was not set.
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

// Each yields the path and the origin of each setting.
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

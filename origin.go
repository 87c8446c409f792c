package sealcfg

import (
	"iter"

	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/source"
)

// An Origin is where a setting came from: see [source.Origin].
type Origin = source.Origin

// Origins holds the origin of every setting that has a value: [Handle.Origins]
// returns one, and [WithOrigins] has [Load] fill one. It holds no values. Reading it is safe for concurrent use
// once Load has returned.
type Origins struct{ table *bind.OriginTable }

// Of returns the origin of the setting with the given path, spelled as in
// [Problem]: db.hosts[0]. It is the zero Origin if the setting has no value.
func (o *Origins) Of(path string) Origin {
	return o.table.Of(path)
}

// All yields path and origin of each setting, in the order of the struct's
// fields. Lists and maps are yielded entry by entry. A key of a map within a [Secret]
// is [secret] in the path.
func (o *Origins) All() iter.Seq2[string, Origin] {
	return o.table.Each
}

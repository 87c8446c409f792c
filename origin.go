package sealcfg

import (
	"iter"

	"github.com/sealcfg/sealcfg/internal/settings/bind"
	"github.com/sealcfg/sealcfg/source"
)

// An Origin is where a setting came from: see [source.Origin].
type Origin = source.Origin

// Origins holds the origin of each setting that has a value, but no values.
// [Handle.Origins] returns it, and [WithOrigins] lets [Load] fill it. It is safe for
// concurrent use after Load has returned.
type Origins struct{ table *bind.OriginTable }

// Of returns the origin of the setting at path, such as db.hosts[0]. It returns the zero
// Origin if the setting has no value. path has the form of paths in [Problem].
func (o *Origins) Of(path string) Origin {
	return o.table.Of(path)
}

// All yields the path and origin of each setting, in the order of the struct's fields.
// Lists and maps are yielded entry by entry. In a path, each key of a map within a [Secret]
// is replaced by [secret].
func (o *Origins) All() iter.Seq2[string, Origin] {
	return o.table.Each
}

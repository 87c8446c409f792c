package main

import (
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// lostBlock is the error for a file whose values are sealed but which has no metadata
// any more, as a merge can leave it; nil if it is not one. Sealing it once more
// would bury the values: nothing in the file opens them.
func (t *target) lostBlock(d *envfile.Document) error {
	for _, root := range d.Roots() {
		for path, n := range root.Leaves() {
			if !crypto.IsSealed(strings.TrimRight(n.Text, "\n")) {
				continue
			}
			err := fmt.Errorf("%s:%d: %s is sealed, but the sops metadata that opens it is gone from the file%w",
				t.shown, n.Line, path, quiet{envfile.ErrNotSealed})
			return withHint(err, "somebody took it out, or a merge went wrong: git log -p %s shows it; take back a version that is whole", t.shown)
		}
	}
	return nil
}

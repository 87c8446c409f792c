package main

import (
	"context"

	"github.com/sealcfg/sealcfg/envfile"
)

// mayBeUnencrypted is the [checkWrite] of set. A value that is not on the command line
// may be a secret. So it is written unencrypted only with --clear or after a
// confirmation, unless the field has an unencrypted value already.
func (o *setOptions) mayBeUnencrypted(ctx context.Context, t *target, old *envfile.Sealed, changes []change) error {
	if o.clear || o.given && o.value != "-" {
		return nil
	}
	unencrypted := map[fieldName]bool{} // an empty value may be a placeholder that anyone added
	for _, f := range viewFields(old.Roots(), false) {
		unencrypted[f.fieldName] = !f.Sealed && f.Length > 0 && f.Type != "null"
	}
	var exposed []fieldName
	for _, c := range changes {
		if c.Clear && !unencrypted[c.fieldName] {
			exposed = append(exposed, c.fieldName)
		}
	}
	if len(exposed) == 0 {
		return nil
	}
	a, rules := o.app, old.Metadata().Rules
	if !a.interactive() {
		return withHint(usagef("%s: %s would be written unencrypted, because the rules of the file (%s) do not encrypt it", t.shown, joinFields(exposed), rules),
			"if the value is not a secret, add: --clear\notherwise change the selector in .sops.yaml, then run: sealcfg rekey %s", t.name)
	}
	a.say("%s: the rules of the file (%s) do not encrypt %s", t.shown, rules, joinFields(exposed))
	if err := a.confirm(ctx, "write the value unencrypted?"); err != nil {
		return err
	}
	o.clear = true
	return nil
}

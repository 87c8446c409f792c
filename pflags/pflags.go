// Package pflags defines the flags of settings in a flag set of pflag, which
// cobra's commands use. It is a separate package because pflag is another module.
package pflags

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/sealcfg/sealcfg"
)

// Add is [sealcfg.Flags] for a flag set of pflag. Call it before the flags are
// parsed, which cobra does before it runs a command, and l.Load after that.
//
// Add returns an error if l's type cannot be bound. It also returns an error if fs
// already has a flag with one of the names; it still defines the other flags.
func Add[T any](fs *pflag.FlagSet, l *sealcfg.Loader[T]) error {
	var twice error
	err := sealcfg.Flags(l, func(value pflag.Value, name, usage string) {
		if fs.Lookup(name) != nil {
			twice = fmt.Errorf("define flags: there is a flag --%s already", name)
			return
		}
		f := fs.VarPF(value, name, "", usage)
		if b, ok := value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
			f.NoOptDefVal = "true"
		}
	})
	if err != nil {
		return err
	}
	return twice
}

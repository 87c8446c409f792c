// Package pflags defines the flags of settings in a flag set of pflag, which is
// that of cobra's commands. It is a package of its own because pflag is a module
// more.
package pflags

import (
	"flag"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/sealcfg/sealcfg"
)

// Add is [sealcfg.Loader.Flags] for a flag set of pflag. Call it before the flags
// are parsed, which cobra does before it runs a command, and l.Load after that.
//
// It is an error if l's type is none that can be bound, or if fs has a flag of
// that name; then it defines none.
func Add[T any](fs *pflag.FlagSet, l *sealcfg.Loader[T]) error {
	var standard flag.FlagSet
	if err := l.Flags(&standard); err != nil {
		return err
	}
	var err error
	standard.VisitAll(func(f *flag.Flag) {
		if fs.Lookup(f.Name) != nil && err == nil {
			err = fmt.Errorf("define flags: there is a flag --%s already", f.Name)
		}
	})
	if err != nil {
		return err
	}
	standard.VisitAll(func(f *flag.Flag) {
		// Those that sealcfg defines are values for pflag too.
		p := fs.VarPF(f.Value.(pflag.Value), f.Name, "", f.Usage)
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
			p.NoOptDefVal = "true"
		}
	})
	return nil
}

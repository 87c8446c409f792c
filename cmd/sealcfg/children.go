package main

import (
	"os"

	"github.com/sealcfg/sealcfg/keys"
)

// withholdIdentity takes the identity that $SOPS_AGE_KEY holds out of the
// environment that programs inherit from this one. Editors with their extensions, plugins,
// key commands and the helper have no use for it. What they do use stays: paths,
// commands, and the logins of services. The program behind exec-env is no helper
// of ours and gets it back.
func (a *app) withholdIdentity() {
	text, given := os.LookupEnv(keys.EnvAgeKey)
	if !given || os.Unsetenv(keys.EnvAgeKey) != nil {
		return
	}
	a.withheld = []string{keys.EnvAgeKey + "=" + text}
	lookup := a.lookupEnv
	a.lookupEnv = func(name string) (string, bool) {
		if name == keys.EnvAgeKey {
			return text, true
		}
		return lookup(name)
	}
}

package cli

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/kmswire"
)

const (
	// EnvAllowKeys lists keys as --allow-key does, one per line, because their names contain
	// commas and blanks.
	EnvAllowKeys = "SEALCFG_ALLOW_KEYS"
	// envTimeout is the longest time that a key service may take to answer.
	envTimeout = "SEALCFG_KMS_TIMEOUT"
)

const (
	serviceTimeout = 30 * time.Second
	// localTimeout leaves time to type a passphrase or to find a smart card.
	localTimeout = 5 * time.Minute
)

// RegisterServices registers the types of keys that this program does not link. The KMS
// helper handles them; it is started when it is needed.
func (a *App) RegisterServices(r *keys.Registry) {
	a.Helper = kmswire.New(kmswire.Options{Timeout: a.serviceTimeout, Stderr: a.Stderr})
	for _, t := range keys.Types() {
		if t != keys.AgeType {
			r.Register(keys.ServiceProvider(a.Helper.Service(t)))
		}
	}
}

func (a *App) serviceTimeout(typ string) (time.Duration, error) {
	if text := a.Env(envTimeout); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return 0, Usagef("$%s: expected a duration such as 30s", envTimeout)
		}
		return d, nil
	}
	if kind, _ := keys.KindOf(typ); kind.Local {
		return localTimeout, nil
	}
	return serviceTimeout, nil
}

// IdentitiesFor returns the identities with the permission of the file's project to
// contact key services.
func (a *App) IdentitiesFor(ctx context.Context, t *Target) ([]keys.Identity, error) {
	ids, err := a.LoadIdentities(ctx)
	if err != nil {
		return nil, err
	}
	return keys.WithPermit(ids, a.Permit(t)), nil
}

// Permit returns a function that decides whether a key service may be contacted for a
// file.
func (a *App) Permit(t *Target) func(*keys.Stanza) error {
	return environments.Permit(a.allowedKeys(), sync.OnceValues(func() (*environments.Policy, error) {
		policy, _, err := t.Rule()
		if policy != nil { // there may be no rule for the file
			return policy, nil
		}
		return nil, err
	}))
}

func (a *App) allowedKeys() []string {
	return slices.Concat(a.AllowKeys, strings.Split(a.Env(EnvAllowKeys), "\n"))
}

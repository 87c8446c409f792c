package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealcfg/sealcfg/cmd/internal/kmswire"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

const (
	// envAllowKeys names keys as --allow-key does, one on a line: the names hold
	// commas and blanks.
	envAllowKeys = "SEALCFG_ALLOW_KEYS"
	// envTimeout says how long a key service may take to answer.
	envTimeout = "SEALCFG_KMS_TIMEOUT"
)

const (
	serviceTimeout = 30 * time.Second
	// gpgTimeout leaves time to type a passphrase or to find a smart card.
	gpgTimeout = 5 * time.Minute
)

// registerServices makes the kinds of keys that this program does not link
// known: it asks the helper program, which is started when it is needed.
func (a *app) registerServices(r *keys.Registry) {
	a.helper = kmswire.New(kmswire.Options{Timeout: a.serviceTimeout, Stderr: a.err})
	for _, t := range keys.Types() {
		if t != keys.AgeType {
			r.Register(keys.ServiceProvider(a.helper.Service(t)))
		}
	}
}

func (a *app) serviceTimeout(typ string) (time.Duration, error) {
	if text := a.env(envTimeout); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return 0, usagef("$%s is not a length of time such as 30s", envTimeout)
		}
		return d, nil
	}
	if typ == "pgp" {
		return gpgTimeout, nil
	}
	return serviceTimeout, nil
}

// identitiesFor are the user's identities, with the permission that a file has
// from its own project to contact services.
func (a *app) identitiesFor(ctx context.Context, t *target) ([]keys.Identity, error) {
	ids, err := a.loadIdentities(ctx)
	if err != nil {
		return nil, err
	}
	return keys.WithPermit(ids, a.permit(t)), nil
}

// permit says which services may be contacted for a file.
func (a *app) permit(t *target) func(*keys.Stanza) error {
	return environments.Permit(a.allowedKeys(), sync.OnceValues(func() (*environments.Policy, error) {
		policy, _, err := t.rule()
		if policy != nil { // there may be no rule for the file
			return policy, nil
		}
		return nil, err
	}))
}

func (a *app) allowedKeys() []string {
	return slices.Concat(a.allowKeys, strings.Split(a.env(envAllowKeys), "\n"))
}

// logins say where a service takes the user's login from.
var logins = map[string]string{
	"azure_kv": "it takes the login of az login, or $AZURE_TENANT_ID, $AZURE_CLIENT_ID and $AZURE_CLIENT_SECRET",
	"gcp_kms":  "it takes the login of gcloud auth application-default login, or $GOOGLE_CREDENTIALS",
	"hc_vault": "it takes the token of vault login, or $VAULT_TOKEN",
	"hckms":    "it takes $HUAWEICLOUD_SDK_AK, $HUAWEICLOUD_SDK_SK and $HUAWEICLOUD_SDK_PROJECT_ID",
	"kms":      "it takes the login of the aws command: aws sts get-caller-identity shows it, $AWS_PROFILE chooses another",
	"pgp":      "gpg --list-secret-keys shows which keys you have; on a terminal it asks for a passphrase only with GPG_TTY=$(tty)",
}

// serviceHint says what to do about a key that its service did not wrap or
// unwrap, "" if that is not what failed.
func serviceHint(err error) string {
	var (
		missing   *kmswire.MissingError
		version   *kmswire.VersionError
		broken    *kmswire.BrokenError
		ended     *kmswire.EndedError
		late      *kmswire.TimeoutError
		service   *kmswire.ServiceError
		forbidden *keys.NotPermittedError
	)
	switch {
	case errors.As(err, &forbidden):
		return fmt.Sprintf("if you trust the key: name it in .sops.yaml, or allow it for once with --allow-key %s (or $%s)", quoted(forbidden.Recipient), envAllowKeys)
	case errors.As(err, &missing):
		return "go install github.com/sealcfg/sealcfg/cmd/sealcfg-kms@latest\nit is found beside sealcfg and on PATH"
	case errors.As(err, &version), errors.As(err, &broken):
		return "install sealcfg and sealcfg-kms of the same release: sealcfg version, sealcfg-kms version"
	case errors.As(err, &ended):
		return "run it by itself to see whether it starts: sealcfg-kms version"
	case errors.As(err, &late):
		return fmt.Sprintf("it may be slow, or out of reach from here; $%s=2m waits longer", envTimeout)
	case errors.As(err, &service):
		return serviceErrorHint(service)
	}
	return ""
}

// quoted is a text from a file as a word for the shell.
func quoted(s string) string {
	s = strings.ReplaceAll(clean(s), "\n", "?")
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func serviceErrorHint(err *kmswire.ServiceError) string {
	switch err.Kind {
	case kmswire.Unreachable:
		return kmswire.Title(err.Type) + " did not answer: is its address right, and in reach from here? " + logins[err.Type]
	case kmswire.NoProgram:
		return "install gnupg, or name its program in $SOPS_GPG_EXEC"
	case kmswire.Unsupported:
		return "this sealcfg-kms was built without it; install the one of the release"
	}
	if err.Type == "pgp" && err.Op == kmswire.OpWrap {
		return "gpg --list-keys shows whose keys you have: this one must be there (gpg --import), not have expired, and be able to encrypt"
	}
	return logins[err.Type]
}

package cli

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/sealcfg/sealcfg/cmd/internal/kmswire"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/editor"
	"github.com/sealcfg/sealcfg/internal/regular"
	"github.com/sealcfg/sealcfg/keys"
)

const noPolicyHint = "sealcfg init makes one here; is the project elsewhere? then go there, or name its folder with -C"

// Hint returns the hint for an error: the next step for the user.
func (a *App) Hint(err error) string {
	var own hintedError
	var two *environments.AmbiguousError
	var locked *atomicfile.LockedError
	if restore := a.restoreHint(err); restore != "" {
		return restore
	}
	switch {
	case errors.As(err, &own):
		return own.hint
	case errors.As(err, &two):
		return "an environment is one file: use the path of one of them, or rename or remove the other"
	case errors.Is(err, environments.ErrPolicyName):
		return "rename .sops.yml to .sops.yaml: neither sops nor sealcfg reads the other name"
	case errors.Is(err, environments.ErrConfigName):
		return "rename sealcfg.yml to sealcfg.yaml"
	case errors.Is(err, environments.ErrOutside) && !errors.Is(err, environments.ErrNoPolicy):
		return "replace the link with a file: the history of the repository does not show the contents of other files"
	case errors.Is(err, environments.ErrOutside):
		return "put a .sops.yaml into the repository, where its history and its reviews show what it says"
	case errors.Is(err, environments.ErrForeign):
		return "work in a folder of your own; if the policy is the right one, copy it there"
	case errors.Is(err, environments.ErrNoPolicy):
		return noPolicyHint
	case errors.Is(err, environments.ErrNoRule):
		return "add a rule with a matching path_regex under creation_rules"
	case errors.Is(err, envfile.ErrNoRecipients):
		return "add a recipient to this creation rule (sealcfg key show prints yours), then run the command again"
	case errors.Is(err, envfile.ErrAlreadySealed):
		return "use sealcfg edit to change it, or sealcfg rekey to change who can read it"
	case errors.Is(err, envfile.ErrNotSealed):
		return "run sealcfg encrypt on it first"
	case errors.Is(err, envfile.ErrIntegrity):
		return "the file was edited without its key, or a merge mixed two versions"
	case errors.Is(err, editor.ErrNone):
		return "set EDITOR, for example: EDITOR=nano sealcfg edit ..."
	case errors.As(err, &locked):
		return "find the program, and end it if it hangs: fuser -v " + ShellWord(Shown(locked.Path)) + "\nto see the programs of other users, run it as root"
	case errors.Is(err, atomicfile.ErrMounted):
		return "mount the directory of the file instead of the file itself"
	case errors.Is(err, atomicfile.ErrInPlace):
		return "the file has its new contents, but a power cut can undo that; once the cause is fixed, run: sync"
	case errors.Is(err, atomicfile.ErrChanged):
		return "somebody else has written it meanwhile; run the command again"
	case errors.Is(err, atomicfile.ErrDamaged):
		return "the file is neither as before nor complete: run the command again"
	case errors.Is(err, regular.ErrNotRegular):
		return "put a regular file in its place, or remove it"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space and run the command again; the file is unchanged"
	}
	return ServiceHint(err)
}

// logins name the source of the credentials for each type of key.
var logins = map[string]string{
	"azure_kv": "it takes the login of az login, or $AZURE_TENANT_ID, $AZURE_CLIENT_ID and $AZURE_CLIENT_SECRET",
	"gcp_kms":  "it takes the login of gcloud auth application-default login, or $GOOGLE_CREDENTIALS",
	"hc_vault": "it takes the token of vault login, or $VAULT_TOKEN",
	"hckms":    "it takes $HUAWEICLOUD_SDK_AK, $HUAWEICLOUD_SDK_SK and $HUAWEICLOUD_SDK_PROJECT_ID",
	"kms":      "it takes the login of the aws command: aws sts get-caller-identity shows it, $AWS_PROFILE chooses another",
	"pgp":      "gpg --list-secret-keys shows which keys you have; on a terminal it asks for a passphrase only with GPG_TTY=$(tty)",
}

// ServiceHint returns the hint for a key that its key service did not wrap or unwrap, ""
// for other errors.
func ServiceHint(err error) string {
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
		return fmt.Sprintf("if you trust the key: name it in .sops.yaml, or allow it for once with --allow-key %s (or $%s)", quoted(forbidden.Recipient), EnvAllowKeys)
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

// noProject is the hint for a directory without environments and policy. Most often the
// user is in the wrong directory.
const noProject = "there is no project here: go to its folder, or name it with -C; sealcfg init begins a new one"

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/editor"
	"github.com/sealcfg/sealcfg/internal/regular"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/kmswire"
)

const noPolicyHint = "if the project is in another directory, add: -C DIR\nto start a project here, run: sealcfg init"

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
		return "use the path of one of the files, or rename or remove the other one"
	case errors.Is(err, environments.ErrPolicyName):
		return "rename .sops.yml to .sops.yaml: neither sops nor sealcfg reads the other name"
	case errors.Is(err, environments.ErrConfigName):
		return "rename sealcfg.yml to sealcfg.yaml"
	case errors.Is(err, environments.ErrOutside) && !errors.Is(err, environments.ErrNoPolicy):
		return "replace the link with a file, so that the history of the repository shows the contents"
	case errors.Is(err, environments.ErrOutside):
		return "add a .sops.yaml to the repository, so that its history shows changes of the policy"
	case errors.Is(err, environments.ErrForeign):
		return "work in a directory that you own; to use this policy, copy it there"
	case errors.Is(err, environments.ErrNoPolicy):
		return noPolicyHint
	case errors.Is(err, environments.ErrNoRule):
		return "add a creation rule with a matching path_regex to .sops.yaml"
	case errors.Is(err, envfile.ErrNoRecipients):
		return "add a recipient to this creation rule (sealcfg key show prints yours), then run the command again"
	case errors.Is(err, envfile.ErrAlreadySealed):
		return "to change the file, run: sealcfg edit FILE\nto change its recipients, run: sealcfg rekey FILE"
	case errors.Is(err, envfile.ErrNotSealed):
		return "to encrypt it, run: sealcfg encrypt FILE"
	case errors.Is(err, envfile.ErrIntegrity):
		return "the file was edited without its key, or a merge mixed two versions"
	case errors.Is(err, editor.ErrNone):
		return "set $EDITOR, for example: EDITOR=nano sealcfg edit ENV"
	case errors.As(err, &locked):
		return "find the program that locks the file, and end it if it hangs: fuser -v " + ShellWord(Shown(locked.Path)) + "\nif the program belongs to another user, run: sudo fuser -v " + ShellWord(Shown(locked.Path))
	case errors.Is(err, atomicfile.ErrMounted):
		return "mount the directory of the file instead of the file itself"
	case errors.Is(err, atomicfile.ErrInPlace):
		return "the file has its new contents, but a power cut can undo that; once the cause is fixed, run: sync"
	case errors.Is(err, atomicfile.ErrChanged):
		return "another process has written the file in the meantime; run the command again"
	case errors.Is(err, atomicfile.ErrDamaged):
		return "the file is incomplete; run the command again"
	case errors.Is(err, regular.ErrNotRegular):
		return "replace it with a regular file, or remove it"
	case errors.Is(err, syscall.EROFS):
		return "the file system is read-only; mount it writable, then run the command again"
	case errors.Is(err, fs.ErrPermission):
		return permissionHint(err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space and run the command again; the file is unchanged"
	}
	return ServiceHint(err)
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
		return fmt.Sprintf("if you trust the key, add it to .sops.yaml, or set $%s to it\nto allow it once, add: --allow-key %s", EnvAllowKeys, quoted(forbidden.Recipient))
	case errors.As(err, &missing):
		return "install the KMS helper next to sealcfg or on $PATH: go install github.com/sealcfg/sealcfg/cmd/sealcfg-kms@latest"
	case errors.As(err, &version), errors.As(err, &broken):
		return "install the same release of sealcfg and sealcfg-kms; to compare them, run: sealcfg version; sealcfg-kms version"
	case errors.As(err, &ended):
		return "check whether it starts: sealcfg-kms version"
	case errors.As(err, &late):
		return fmt.Sprintf("check the network; to wait longer, set: %s=2m", envTimeout)
	case errors.As(err, &service):
		return serviceErrorHint(service)
	}
	return ""
}

func serviceErrorHint(err *kmswire.ServiceError) string {
	kind, _ := keys.KindOf(err.Type)
	switch err.Kind {
	case kmswire.Unreachable:
		return kind.Title + " did not answer; check its address and the network; " + kind.Hint
	case kmswire.NoProgram:
		return "install gnupg, or set $SOPS_GPG_EXEC to the path of gpg"
	case kmswire.Unsupported:
		return "this sealcfg-kms was built without this key service; install a released version"
	}
	if kind.WrapHint != "" && err.Op == kmswire.OpWrap {
		return kind.WrapHint
	}
	return kind.Hint
}

// noProject is the hint for a directory without environments and policy. Most often the
// user is in the wrong directory.
const noProject = "if the project is in another directory, add: -C DIR\nto start a project here, run: sealcfg init"

// permissionHint returns the hint for a file that may not be read or written. The file of the error
// can be a temporary one that does not exist.
func permissionHint(err error) string {
	var of *fs.PathError
	if !errors.As(err, &of) {
		return "check the owner and the mode of the file and its directory"
	}
	names := ShellWord(Shown(filepath.Dir(of.Path)))
	if _, err := os.Lstat(of.Path); err == nil {
		names += " " + ShellWord(Shown(of.Path))
	}
	return "check the owner and the mode: ls -ld " + names
}

package sopscli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/editing"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/editor"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
)

// The exit codes of sops (cmd/sops/codes) that the shim returns.
const (
	sopsGeneric          = 1
	sopsNoRead           = 2
	sopsNoWrite          = 3
	sopsNoDump           = 4
	sopsBadContext       = 6
	sopsBadSet           = 7
	sopsConflict         = 8
	sopsNoEncrypt        = 23
	sopsNoDecrypt        = 25
	sopsNoFileForKeys    = 49
	sopsBadMAC           = 51
	sopsInterrupted      = 85
	sopsBadPath          = 91
	sopsEmpty            = 92
	sopsNoFile           = 100
	sopsDuplicateType    = 112
	sopsNoKey            = 128
	sopsUnchanged        = 200
	sopsNoEditor         = 201
	sopsAlreadyEncrypted = 203
)

// A coded error has an exit code of sops.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

func sopsError(code int, format string, args ...any) error {
	return coded{fmt.Errorf(format, args...), code}
}

// withCode adds an exit code to an error, unless the error already has one other than
// sopsGeneric.
func withCode(err error, code int) error {
	if err == nil || sopsCode(err) != sopsGeneric {
		return err
	}
	return coded{err, code}
}

// A childExit is returned when the command of exec-env or exec-file has ended. The shim
// exits with the same code.
type childExit struct{ code int }

func (e childExit) Error() string { return fmt.Sprintf("the command ended with exit code %d", e.code) }

// sopsCode returns sops's exit code for an error.
func sopsCode(err error) int {
	var own coded
	var child childExit
	var stopped *scratch.SignalError
	var editorStopped *editor.SignalError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &child):
		return child.code
	case errors.As(err, &own):
		return own.code
	case errors.Is(err, cli.ErrInterrupted), errors.As(err, &stopped), errors.As(err, &editorStopped):
		return sopsInterrupted
	case errors.Is(err, editing.ErrEditor), errors.Is(err, editor.ErrNone), errors.Is(err, editor.ErrFind):
		return sopsNoEditor
	case errors.Is(err, keys.ErrNoIdentity):
		return sopsNoKey
	case errors.Is(err, envfile.ErrMAC):
		return sopsBadMAC
	case errors.Is(err, envfile.ErrIntegrity):
		return sopsNoDecrypt
	case errors.Is(err, envfile.ErrConvert):
		return sopsNoDump
	case errors.Is(err, envfile.ErrAlreadySealed):
		return sopsAlreadyEncrypted
	}
	return sopsGeneric
}

// readError adds an exit code to the error of a read: code for a file that does not
// exist, and sopsNoRead otherwise.
func readError(err error, code int) error {
	if errors.Is(err, fs.ErrNotExist) {
		return coded{err, code}
	}
	return withCode(err, sopsNoRead)
}

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
	codeGeneric          = 1
	codeNoRead           = 2
	codeNoWrite          = 3
	codeNoDump           = 4
	codeBadContext       = 6
	codeBadSet           = 7
	codeConflict         = 8
	codeNoEncrypt        = 23
	codeNoDecrypt        = 25
	codeNoFileForKeys    = 49
	codeBadMAC           = 51
	codeInterrupted      = 85
	codeBadPath          = 91
	codeEmpty            = 92
	codeNoFile           = 100
	codeDuplicateType    = 112
	codeNoKey            = 128
	codeUnchanged        = 200
	codeNoEditor         = 201
	codeAlreadyEncrypted = 203
)

// A coded error has an exit code of sops.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

func errorf(code int, format string, args ...any) error {
	return coded{fmt.Errorf(format, args...), code}
}

// withCode adds an exit code to an error, unless the error already has one other than
// codeGeneric.
func withCode(err error, code int) error {
	if err == nil || exitCode(err) != codeGeneric {
		return err
	}
	return coded{err, code}
}

// A childExit is returned when the command of exec-env or exec-file has ended. The shim
// exits with the same code.
type childExit struct{ code int }

func (e childExit) Error() string { return fmt.Sprintf("the command ended with exit code %d", e.code) }

// exitCode returns sops's exit code for an error.
func exitCode(err error) int {
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
		return codeInterrupted
	case errors.Is(err, editing.ErrEditor), errors.Is(err, editor.ErrNone), errors.Is(err, editor.ErrFind):
		return codeNoEditor
	case errors.Is(err, keys.ErrNoIdentity):
		return codeNoKey
	case errors.Is(err, envfile.ErrMAC):
		return codeBadMAC
	case errors.Is(err, envfile.ErrIntegrity):
		return codeNoDecrypt
	case errors.Is(err, envfile.ErrConvert):
		return codeNoDump
	case errors.Is(err, envfile.ErrAlreadySealed):
		return codeAlreadyEncrypted
	}
	return codeGeneric
}

// readError adds an exit code to the error of a read: code for a file that does not
// exist, and codeNoRead otherwise.
func readError(err error, code int) error {
	if errors.Is(err, fs.ErrNotExist) {
		return coded{err, code}
	}
	return withCode(err, codeNoRead)
}

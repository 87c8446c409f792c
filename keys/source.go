package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sealcfg/sealcfg/internal/privatekey"
	"github.com/sealcfg/sealcfg/internal/shellwords"
)

// Locked is passed to [Source.Looked] for a key source whose identities are
// encrypted with a passphrase: their number is known only after they are unlocked.
const Locked = -1

// MaxSource is the maximum size of a key source in bytes: a file, a variable, or
// the output of a command.
const MaxSource = 1 << 20

// Env looks up a variable. An empty variable counts as unset: shells and pipelines
// unset variables in this way.
func (s Source) Env(name string) (string, bool) { return s.env(name) }

// Report calls Looked if it is not nil.
func (s Source) Report(keySource string, found int) {
	if s.Looked != nil {
		s.Looked(keySource, found)
	}
}

// Unusable reports a broken key source to Broken, unless the end of ctx broke it.
// It returns an identity that never unwraps a stanza. For the stanzas that the key
// source may have had an identity for, its error is reason.
func (s Source) Unusable(ctx context.Context, reason error, concerns func(*Stanza) bool) Identity {
	if s.Broken != nil && ctx.Err() == nil {
		s.Broken(reason)
	}
	return UnusableIdentity(reason, concerns)
}

// File returns the contents of a file. Errors do not contain the path: a person
// may have put the key itself where the path of its file belongs.
func (s Source) File(path string) ([]byte, error) {
	text, err := s.ReadFile(path)
	var pathError *fs.PathError
	switch {
	case errors.As(err, &pathError):
		return nil, pathError.Err
	case err != nil:
		return nil, err
	case len(text) > MaxSource:
		return nil, errTooLong
	}
	return text, nil
}

var errTooLong = errors.New("too long for a key: more than 1 MB")

// Text returns the contents of a key source in UTF-8, without a byte order mark. raw may
// be UTF-16, as PowerShell writes it.
func Text(raw []byte) ([]byte, error) {
	low := 0 // index of the low byte in a unit of UTF-16
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return raw[3:], nil
	case bytes.HasPrefix(raw, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(raw, []byte("\x00\x00")):
		return nil, errors.New("UTF-32 text; convert it to UTF-8: iconv -f UTF-32 -t UTF-8")
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		raw = raw[2:]
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		raw, low = raw[2:], 1
	case bytes.IndexByte(raw, 0) < 0:
		return raw, nil
	case raw[0] == 0: // UTF-16 without a mark: the first character is ASCII
		low = 1
	}
	if len(raw)%2 != 0 {
		return nil, errors.New("UTF-16 text with an odd number of bytes; save the file as UTF-8")
	}
	var units []uint16
	for i := 0; i < len(raw); i += 2 {
		units = append(units, uint16(raw[i+low])|uint16(raw[i+1-low])<<8)
	}
	text := []byte(string(utf16.Decode(units)))
	if bytes.IndexByte(text, 0) >= 0 || bytes.ContainsRune(text, utf8.RuneError) {
		return nil, errors.New("the contents are not text; save the file as UTF-8")
	}
	return text, nil
}

// ReadNamed reads the file at the path that a variable holds. ok is false if the variable
// is not set, or if no file can be read. The variable may hold a key by mistake, so
// an error contains its value only if it is the path of a file that exists.
func (s Source) ReadNamed(variable string) (path string, text []byte, ok bool, err error) {
	path, ok = s.env(variable)
	if !ok || s.ReadFile == nil {
		return "", nil, false, nil
	}
	text, err = s.File(path)
	switch {
	case err == nil:
		return path, text, true, nil
	case privatekey.In(path):
		return "", nil, false, misplacedKey(variable, path, "a path")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, errTooLong):
		return "", nil, false, fmt.Errorf("$%s (%s): %w", variable, path, err)
	}
	return "", nil, false, fmt.Errorf("$%s: %w", variable, withoutName(err, path))
}

// Output runs the command line in a variable, split into words as in a shell, and
// returns its output. ok is false if the variable is not set, or if s has no Run.
// The variable may hold a key by mistake, so errors do not contain the command.
func (s Source) Output(ctx context.Context, variable string) (out []byte, ok bool, err error) {
	line, ok := s.env(variable)
	if !ok || s.Run == nil {
		return nil, false, nil
	}
	argv, err := shellwords.Split(line)
	if err == nil && len(argv) == 0 {
		return nil, false, fmt.Errorf("$%s is empty", variable)
	}
	if err == nil {
		out, err = s.Run(ctx, argv)
	}
	if err == nil && len(out) > MaxSource {
		err = errTooLong
	}
	switch {
	case err == nil:
		return out, true, nil
	case len(argv) == 0:
		if privatekey.In(line) {
			return nil, false, misplacedKey(variable, line, "a command")
		}
		return nil, false, fmt.Errorf("$%s: %w", variable, err)
	case privatekey.In(argv[0]), privatekey.In(line) && strings.HasPrefix(argv[0], "-"): // "-----BEGIN"
		return nil, false, misplacedKey(variable, line, "a command")
	}
	return nil, false, fmt.Errorf("$%s: %w", variable, withoutName(err, argv[0]))
}

// misplacedKey returns an error about a variable that holds a private key instead of
// the expected path or command.
func misplacedKey(variable, value, expected string) error {
	switch {
	case IsAgeFile([]byte(value)):
		return fmt.Errorf("$%s holds an encrypted identity file, expected %s: put it into $%s", variable, expected, EnvAgeKey)
	case IsAgeIdentity(value):
		return fmt.Errorf("$%s holds an identity, expected %s: put it into $%s", variable, expected, EnvAgeKey)
	}
	return fmt.Errorf("$%s holds a private key, expected %s: save the key in a file and put its path into $%s", variable, expected, envSSHKeyFile)
}

// envSSHKeyFile is the variable of keys/agessh, to which messages refer.
const envSSHKeyFile = "SOPS_AGE_SSH_PRIVATE_KEY_FILE"

// withoutName returns the cause of err that does not quote name. Errors of packages
// os and os/exec quote it.
func withoutName(err error, name string) error {
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		text := cause.Error()
		if !strings.Contains(text, strconv.Quote(name)) && !strings.Contains(text, " "+name+":") && !privatekey.In(text) {
			return cause
		}
	}
	return errors.New("cannot be read or run")
}

type sourceKey struct{}

// WithSource returns a context for [Recipient.Wrap] that holds a Source for
// prompts. A recipient is made from a string alone, but the program that wraps for
// it may have to prompt. Only Prompt, Confirm and Notify of src are used.
func WithSource(ctx context.Context, src Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, Source{Prompt: src.Prompt, Confirm: src.Confirm, Notify: src.Notify})
}

// SourceOf returns the Source of [WithSource] from a context, or an empty Source.
func SourceOf(ctx context.Context) Source {
	src, _ := ctx.Value(sourceKey{}).(Source)
	return src
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"github.com/sealcfg/sealcfg/internal/bounded"
	"github.com/sealcfg/sealcfg/internal/privatekey"
	"github.com/sealcfg/sealcfg/keys"
)

// LoadIdentities collects the user's identities, once. It warns of broken key
// sources and uses the others. An error means exit code 4.
func (a *App) LoadIdentities(ctx context.Context) ([]keys.Identity, error) {
	if a.Loaded {
		return a.identities, nil
	}
	ids, err := keys.Default.Identities(ctx, a.source(ctx))
	if ctx.Err() != nil {
		return nil, ErrInterrupted
	}
	if err != nil {
		return nil, err
	}
	a.identities, a.Loaded = ids, true
	return ids, nil
}

func (a *App) source(ctx context.Context) keys.Source {
	return a.WithPrompts(keys.Source{
		LookupEnv: a.LookupEnv,
		ReadFile:  func(path string) ([]byte, error) { return a.readKeyFile(ctx, path) },
		ConfigDir: keys.ConfigDir(a.LookupEnv),
		HomeDir:   keys.HomeDir(a.LookupEnv),
		Run:       a.runKeyCommand,
		Looked:    func(name string, found int) { a.keySources = append(a.keySources, keySource{name, found}) },
		Broken:    a.warnBroken,
	})
}

func (a *App) warnBroken(reason error) {
	a.brokenMu.Lock()
	defer a.brokenMu.Unlock()
	a.Broken = append(a.Broken, reason)
}

// WarnOfBroken warns of each broken key source, once, unless the text of err or a
// report on skipped files names it. It is called when the command ends with err, and
// before a question.
func (a *App) WarnOfBroken(err error) {
	a.brokenMu.Lock()
	defer a.brokenMu.Unlock()
	named := a.NamedBroken
	if err != nil {
		named += a.Readable(err)
	}
	for _, reason := range a.Broken[a.toldBroken:] {
		if text := a.Readable(reason); !strings.Contains(named, text) {
			a.warnOfKeys("broken key source: %s", text)
		}
	}
	a.toldBroken = len(a.Broken)
}

// warnOfKeys warns of a key source, unless the caller may take stderr for a part of the
// answer. If no identity decrypts the file, the error names the broken key sources.
func (a *App) warnOfKeys(format string, args ...any) {
	if !a.AnswersOnly {
		a.Warn(format, args...)
	}
}

// NoIdentity returns the error for a user without a usable identity.
func (a *App) NoIdentity() error {
	if len(a.Broken) > 0 {
		err := Quietly(keys.ErrNoIdentity, fmt.Errorf("no usable identity: %w", errors.Join(a.Broken...)))
		return WithHint(err, "%s", a.BrokenHint(err))
	}
	return WithHint(Quietly(keys.ErrNoIdentity, errors.New("no identity found")), "to create an identity, run: sealcfg key new")
}

// BrokenHint returns the hint for an error that a broken key source explains, ""
// for others.
func (a *App) BrokenHint(err error) string {
	for _, reason := range a.Broken {
		if errors.Is(err, reason) {
			return "fix this key source, or unset its variable or move its file"
		}
	}
	return ""
}

// readKeyFile is [keys.Source.ReadFile].
func (a *App) readKeyFile(ctx context.Context, path string) ([]byte, error) {
	text, err := bounded.File(ctx, path, keys.MaxSource)
	if err == nil && holdsIdentity(text) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			a.warnExposed(path, info)
		}
	}
	return text, err
}

// holdsIdentity reports whether the contents of a file include an identity.
func holdsIdentity(raw []byte) bool {
	if text, err := keys.Text(raw); err == nil {
		raw = text
	}
	return keys.IsAgeFile(raw) || privatekey.In(string(raw))
}

// warnExposed warns of an identity file that other users can read or replace.
func (a *App) warnExposed(path string, info fs.FileInfo) {
	switch exposure(path, info, a.Env("SUDO_UID")) {
	case othersRead:
		a.warnOfKeys("others on this machine can read the identity in %s; run: chmod 600 %s", Shown(path), ShellWord(Shown(path)))
	case othersOwn:
		a.warnOfKeys("another user owns the identity file %s, and can read and replace it; copy it to a file that you own", Shown(path))
	}
}

// exposed classifies the access of other users to an identity file.
type exposed int

const (
	notExposed exposed = iota
	othersRead
	othersOwn
)

// runKeyCommand is [keys.Source.Run]. The command inherits a stdin that is a
// terminal. Any other stdin is input for sealcfg, or for the program that exec-env
// starts.
func (a *App) runKeyCommand(ctx context.Context, argv []string) ([]byte, error) {
	return bounded.Output(ctx, argv, keys.MaxSource, func(cmd *exec.Cmd) {
		if isTerminal(a.Stdin) {
			cmd.Stdin = a.Stdin
		}
		cmd.Stderr = a.Stderr
	})
}

// A keySource is a key source in which identities were looked up.
type keySource struct {
	name  string
	found int
}

// WithholdIdentity removes $SOPS_AGE_KEY, which holds an identity, from the environment of
// child processes. Editors, plugins, key commands and the KMS helper do not need it. Other
// variables stay: paths, commands and credentials of key services. The program that
// exec-env starts gets the variable.
func (a *App) WithholdIdentity() {
	text, given := os.LookupEnv(keys.EnvAgeKey)
	if !given || os.Unsetenv(keys.EnvAgeKey) != nil {
		return
	}
	a.Withheld = []string{keys.EnvAgeKey + "=" + text}
	lookup := a.LookupEnv
	a.LookupEnv = func(name string) (string, bool) {
		if name == keys.EnvAgeKey {
			return text, true
		}
		return lookup(name)
	}
}

package main

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

// loadIdentities collects the user's identities, once. It warns of broken key
// sources and uses the others. An error means exit code 4.
func (a *app) loadIdentities(ctx context.Context) ([]keys.Identity, error) {
	if a.loaded {
		return a.identities, nil
	}
	ids, err := keys.Default.Identities(ctx, a.source(ctx))
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	if err != nil {
		return nil, err
	}
	a.identities, a.loaded = ids, true
	return ids, nil
}

func (a *app) source(ctx context.Context) keys.Source {
	return a.withPeople(keys.Source{
		LookupEnv: a.lookupEnv,
		ReadFile:  func(path string) ([]byte, error) { return a.readKeyFile(ctx, path) },
		ConfigDir: keys.ConfigDir(a.lookupEnv),
		HomeDir:   keys.HomeDir(a.lookupEnv),
		Run:       a.runKeyCommand,
		Looked:    func(name string, found int) { a.places = append(a.places, place{name, found}) },
		Broken:    a.warnBroken,
	})
}

func (a *app) warnBroken(reason error) {
	a.brokenMu.Lock()
	defer a.brokenMu.Unlock()
	a.broken = append(a.broken, reason)
}

// warnOfBroken warns of each broken key source, once, unless the text of err or a
// report on skipped files names it. It is called when the command ends with err, and
// before a question.
func (a *app) warnOfBroken(err error) {
	a.brokenMu.Lock()
	defer a.brokenMu.Unlock()
	named := a.namedBroken
	if err != nil {
		named += a.readable(err)
	}
	for _, reason := range a.broken[a.toldBroken:] {
		if text := a.readable(reason); !strings.Contains(named, text) {
			a.warnOfKeys("broken key source: %s", text)
		}
	}
	a.toldBroken = len(a.broken)
}

// warnOfKeys warns of a key source, unless the caller may take stderr for a part of
// the answer. If nothing decrypts the file, its error names a broken key source.
func (a *app) warnOfKeys(format string, args ...any) {
	if !a.answersOnly {
		a.warn(format, args...)
	}
}

// noIdentity returns the error for a user without a usable identity.
func (a *app) noIdentity() error {
	if len(a.broken) > 0 {
		err := quietly(keys.ErrNoIdentity, fmt.Errorf("no usable identity: %w", errors.Join(a.broken...)))
		return withHint(err, "%s", a.brokenHint(err))
	}
	return withHint(quietly(keys.ErrNoIdentity, errors.New("no identity found")), "sealcfg key new makes one")
}

// brokenHint returns the hint for an error that a broken key source explains, ""
// for others.
func (a *app) brokenHint(err error) string {
	for _, reason := range a.broken {
		if errors.Is(err, reason) {
			return "fix this key source, or unset its variable or move its file"
		}
	}
	return ""
}

// readKeyFile is [keys.Source.ReadFile].
func (a *app) readKeyFile(ctx context.Context, path string) ([]byte, error) {
	text, err := bounded.File(ctx, path, keys.MaxSource)
	if err == nil && holdsIdentity(text) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			a.warnExposed(path, info)
		}
	}
	return text, err
}

// holdsIdentity reports whether the contents of a file have an identity in them.
func holdsIdentity(raw []byte) bool {
	if text, err := keys.Text(raw); err == nil {
		raw = text
	}
	return keys.IsAgeFile(raw) || privatekey.In(string(raw))
}

// warnExposed warns of an identity file that is not the user's alone.
func (a *app) warnExposed(path string, info fs.FileInfo) {
	switch exposure(path, info, a.env("SUDO_UID")) {
	case othersRead:
		a.warnOfKeys("others on this machine can read the identity in %s; run: chmod 600 %s", shown(path), shellWord(shown(path)))
	case othersOwn:
		a.warnOfKeys("another user owns the identity file %s, and can read and replace it; copy it to a file that you own", shown(path))
	}
}

// exposed is how an identity file is not the user's alone.
type exposed int

const (
	notExposed exposed = iota
	othersRead
	othersOwn
)

// runKeyCommand is [keys.Source.Run]. The command inherits a stdin that is a
// terminal. Any other stdin is input for sealcfg, or for the program that exec-env
// starts.
func (a *app) runKeyCommand(ctx context.Context, argv []string) ([]byte, error) {
	return bounded.Output(ctx, argv, keys.MaxSource, func(cmd *exec.Cmd) {
		if isTerminal(a.in) {
			cmd.Stdin = a.in
		}
		cmd.Stderr = a.err
	})
}

// place is somewhere an identity was looked for.
type place struct {
	name  string
	found int
}

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

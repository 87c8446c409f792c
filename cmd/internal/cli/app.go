// Package cli holds the code that the command lines of sealcfg and of sops share: the terminal,
// targets, errors and hints, exit codes and git.
package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/gitrun"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
	_ "github.com/sealcfg/sealcfg/keys/ageplugin" // age-plugin-*
	_ "github.com/sealcfg/sealcfg/keys/agessh"    // SSH keys
	"github.com/sealcfg/sealcfg/keys/kmswire"
)

// An App is the state that the commands share: the terminal, the process environment and
// the global flags.
type App struct {
	Stdin, Stdout *os.File
	Stderr        *errorStream
	LookupEnv     func(string) (string, bool)

	Git *gitrun.Git // with the directory and the variables at the start of the command

	Withheld []string // variables that child processes do not inherit

	WorkDir string // working directory, after -C
	Dir     string
	JSON    bool
	Quiet   bool
	NoColor bool

	InputType string          // format of the files; "" if their names decide
	AllowKeys []string        // keys of key services that are used although no policy names them
	Helper    *kmswire.Helper // the KMS helper

	AnswersOnly bool // the caller may take stderr for a part of the answer

	Interrupted func() bool // reports whether a signal has ended the command; nil if the command handles signals

	prompts prompts

	identities []keys.Identity // loaded once per run
	Loaded     bool
	keySources []keySource
	Broken     []error // key sources that cannot be used
	toldBroken int     // how many of them have been reported
	brokenMu   sync.Mutex

	NamedBroken string // warnings already printed, which may name broken key sources

	Finder *environments.Finder // finds policies, project configs and locations

	told    sync.Map // warnings and paths of files that have been reported
	boundIn sync.Map // by directory: a function that returns a file with a binding
}

// HandlesSignals is the annotation of a command that ends by itself after a signal. For any
// other command, a signal ends the context.
const HandlesSignals = "handles-signals"

// WatchSignals lets a signal end the context of a command, unless the command has the annotation
// [HandlesSignals].
func (a *App) WatchSignals(cmd *cobra.Command) {
	if cmd.Annotations[HandlesSignals] != "" {
		return
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), scratch.Signals()...)
	// The second signal has its usual effect again. It ends a command that hangs.
	context.AfterFunc(ctx, stop)
	a.Interrupted = func() bool { return ctx.Err() != nil }
	cmd.SetContext(ctx)
}

// Env returns a variable, "" if it is not set.
func (a *App) Env(name string) string {
	v, _ := a.LookupEnv(name)
	return v
}

// ScratchDirs returns the directories for temporary files with plaintext.
func (a *App) ScratchDirs() scratch.Options {
	return scratch.Options{Memory: []string{"/dev/shm", a.Env("XDG_RUNTIME_DIR")}, Temp: os.TempDir()}
}

// Project finds the project of the working directory.
func (a *App) Project() (*environments.Project, error) {
	if _, err := os.Getwd(); err != nil {
		return nil, WithHint(fmt.Errorf("find the working directory: %w", err), "the directory may have been removed; change to another one, or add: -C DIR")
	}
	return environments.Find(".")
}

// EnterDir changes to the directory of -C, once.
func (a *App) EnterDir() error {
	if a.Dir == "" {
		return nil
	}
	if err := os.Chdir(a.Dir); err != nil {
		return Usage(err)
	}
	a.Dir = "" // once
	a.WorkDir, _ = os.Getwd()
	return nil
}

// Shown returns a path for messages: relative to the working directory where that is
// shorter.
func Shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || strings.HasPrefix(rel, filepath.Join("..", "..", "..")) {
		return path
	}
	return rel
}

// Below reports whether path is dir or below it.
func Below(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

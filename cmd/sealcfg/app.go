package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/cmd/internal/kmswire"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/gitrun"
	"github.com/sealcfg/sealcfg/internal/scratch"
	"github.com/sealcfg/sealcfg/keys"
	_ "github.com/sealcfg/sealcfg/keys/ageplugin" // age-plugin-*
	_ "github.com/sealcfg/sealcfg/keys/agessh"    // SSH keys
)

// app is what the commands share: the terminal, the process environment, and
// the global flags.
type app struct {
	in, out   *os.File
	err       *errorStream
	lookupEnv func(string) (string, bool)

	git *gitrun.Git // knows the directory and the variables that the command began with

	withheld []string // of the environment, from the programs that are started

	wd      string // working directory, after -C
	dir     string
	json    bool
	quiet   bool
	noColor bool

	inputType string          // how files are read, "" to go by their names
	allowKeys []string        // keys of services that no policy need name
	helper    *kmswire.Helper // asks the services

	answersOnly bool // a tool may take stderr for a part of the answer

	interrupted func() bool // has a signal ended the command? nil for edit

	asking asking

	identities []keys.Identity // loaded once per run
	loaded     bool
	places     []place
	broken     []error // key sources that cannot be used
	toldBroken int     // how many of them have been reported
	brokenMu   sync.Mutex

	namedBroken string // text of warnings, which may name a broken key source

	finder *environments.Finder // what applies to files, found once per run

	told    sync.Map // paths of files whose problems have been reported
	boundIn sync.Map // by directory, what returns a file with a binding
}

// watchSignals ends the context of a command when the user or the system wants
// it to end. The edit command does without: there, Ctrl-C is meant for the
// editor, and the plain text has to go first.
func (a *app) watchSignals(cmd *cobra.Command) {
	if cmd.Name() == "edit" {
		return
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), scratch.Signals()...)
	// The second signal has its usual effect again: what hangs can be stopped.
	context.AfterFunc(ctx, stop)
	a.interrupted = func() bool { return ctx.Err() != nil }
	cmd.SetContext(ctx)
}

func (a *app) env(name string) string {
	v, _ := a.lookupEnv(name)
	return v
}

// scratchPlaces are where plain text may lie for a while.
func (a *app) scratchPlaces() scratch.Options {
	return scratch.Options{Memory: []string{"/dev/shm", a.env("XDG_RUNTIME_DIR")}, Temp: os.TempDir()}
}

// project finds the project that the command works on.
func (a *app) project() (*environments.Project, error) {
	if _, err := os.Getwd(); err != nil {
		return nil, withHint(fmt.Errorf("find the working directory: %w", err), "it may be gone: go to one that is there, or name one with -C")
	}
	return environments.Find(".")
}

// enter obeys -C.
func (a *app) enter() error {
	if a.dir == "" {
		return nil
	}
	if err := os.Chdir(a.dir); err != nil {
		return usage(err)
	}
	a.dir = "" // once
	a.wd, _ = os.Getwd()
	return nil
}

// shown is how a path is named to a person: relative where that is shorter.
func shown(path string) string {
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

// below reports whether path is dir or below it.
func below(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

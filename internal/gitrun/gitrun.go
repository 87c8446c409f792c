// Package gitrun is the only package that starts git.
//
// git runs without a network and without locks, and does not start the programs that
// the configuration of a repository names. A git command that this package does not
// use yet may need more: diff and log -p start the programs of diff.external and
// of textconv, log starts gpg with log.showSignature, and status and add start
// the filters of the work tree.
package gitrun

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/internal/errtext"
)

var (
	// ErrNotRepository is returned for a directory that is in no work tree of git.
	ErrNotRepository = errors.New("not in a work tree of git")
	// ErrNoGit reports that git is not installed.
	ErrNoGit = errors.New("git is not installed")
)

// A RefusedError is returned when git does not trust a repository ("dubious ownership").
type RefusedError struct {
	Reason string // in git's words
	Remedy string // the command that git prints, "" if it prints none
}

func (e *RefusedError) Error() string { return "git refuses the repository: " + e.Reason }

// A Git starts git. It is safe for concurrent use.
type Git struct {
	env []string
}

// kept lists the variables of git that reach it: the variables that git sets for
// hooks and drivers. Variables with the prefix reach it too: a person selects their
// own configuration with them, and the remedy of a [RefusedError] changes that.
var kept = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX",
	"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH",
}

const keptPrefix = "GIT_CONFIG_"

// imposed are the variables that git always gets. GIT_ALLOW_PROTOCOL names no
// protocol, for versions of git that ignore GIT_NO_LAZY_FETCH.
var imposed = []string{
	"LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0",
}

// options precede every command. They override every configuration, including the
// configuration in variables.
var options = []string{
	"--no-pager",
	"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false",
}

// New returns a Git for a process with the given environment and working directory.
func New(environ []string, wd string) *Git {
	g := &Git{}
	values := map[string]string{}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		switch upper := strings.ToUpper(name); {
		case upper == "LC_ALL" || upper == "LANGUAGE":
		case !strings.HasPrefix(upper, "GIT_"), strings.HasPrefix(upper, keptPrefix):
			g.env = append(g.env, variable)
		case slices.Contains(kept, upper):
			values[upper] = value
		}
	}
	// git runs in other directories than wd, so these paths become absolute. If only
	// GIT_DIR is set, git would use the directory that it runs in as the work tree.
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"} {
		if path := values[name]; path != "" && !filepath.IsAbs(path) {
			values[name] = filepath.Join(wd, path)
		}
	}
	if values["GIT_DIR"] != "" && values["GIT_WORK_TREE"] == "" {
		values["GIT_WORK_TREE"] = wd
	}
	for _, name := range kept {
		if value, ok := values[name]; ok {
			g.env = append(g.env, name+"="+value)
		}
	}
	g.env = append(g.env, imposed...)
	return g
}

// result is the output of a run of git.
type result struct {
	stdout []byte
	stderr string
	code   int
}

// command returns git as it runs in dir.
func (g *Git) command(ctx context.Context, dir string, args ...string) (*exec.Cmd, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, ErrNoGit
	}
	cmd := exec.CommandContext(ctx, program, slices.Concat(options, args)...)
	cmd.Dir, cmd.Env = dir, g.env
	cmd.WaitDelay = time.Second
	return cmd, nil
}

// run starts git in dir and waits for it. An exit code other than 0 is no error here.
func (g *Git) run(ctx context.Context, dir string, args ...string) (result, error) {
	cmd, err := g.command(ctx, dir, args...)
	if err != nil {
		return result{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		return result{}, fmt.Errorf("run git %s: %w", args[0], errors.Join(ctx.Err(), err))
	}
	return result{stdout.Bytes(), stderr.String(), cmd.ProcessState.ExitCode()}, nil
}

// failure returns the error for an exit code that the command args does not use for an answer.
func (r result) failure(args ...string) error {
	reason := strings.TrimPrefix(errtext.FirstLine(r.stderr), "fatal: ")
	switch {
	case strings.Contains(r.stderr, "safe.directory"):
		refused := &RefusedError{Reason: reason}
		for line := range strings.Lines(r.stderr) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "git config ") {
				refused.Remedy = line
			}
		}
		return refused
	case strings.HasPrefix(reason, "not a git repository"), strings.HasPrefix(reason, "this operation must be run in a work tree"):
		return ErrNotRepository
	}
	return fmt.Errorf("git %s: exit code %d: %s", args[0], r.code, reason)
}

// Root returns the root of the work tree that contains dir, without symbolic
// links. It fails with [ErrNotRepository], [ErrNoGit] or a [*RefusedError].
func (g *Git) Root(ctx context.Context, dir string) (string, error) {
	r, err := g.run(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return "", err
	}
	root := strings.TrimSuffix(string(r.stdout), "\n")
	if r.code != 0 || root == "" {
		return "", r.failure("rev-parse")
	}
	return filepath.FromSlash(root), nil
}

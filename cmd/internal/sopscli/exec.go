package sopscli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/coredump"
	"github.com/sealcfg/sealcfg/internal/scratch"
)

// execArguments reads the arguments of exec-env and exec-file, and decrypts the file.
func (r *invocation) execArguments(ctx context.Context) (f *inputFile, opened *envfile.Opened, command string, err error) {
	if len(r.rest) != 2 {
		return nil, nil, "", errorf(codeGeneric, "expected a file and a command in quotes, got %s", cli.Count(len(r.rest), "argument", "arguments"))
	}
	command, r.rest = r.rest[1], r.rest[:1]
	if f, err = r.file(codeNoRead); err != nil {
		return nil, nil, "", err
	}
	opened, err = r.openFile(r.untilSignal(ctx), f)
	return f, opened, command, err
}

// execEnv implements sops exec-env.
func (r *invocation) execEnv(ctx context.Context) error {
	f, opened, command, err := r.execArguments(ctx)
	if err != nil {
		return err
	}
	fromFile, err := environmentOf(opened.Roots()[0])
	if err != nil {
		return f.At(err)
	}
	env, err := r.environment(!r.on("pristine"))
	if err != nil {
		return err
	}
	env = append(env, fromFile...) // the last variable of a name takes effect
	if r.on("same-process") {
		if r.str("user") != "" {
			return errorf(codeConflict, "cannot combine --same-process and --user")
		}
		_ = r.Stderr.Flush()
		return coredump.Restored(func() error { return execShell(command, env) })
	}
	cmd := shell(command)
	cmd.Env = env
	return r.runChild(cmd)
}

// environment returns the environment of the command without the values of the file:
// the environment of this process if keep is true, and the variables of --user.
func (r *invocation) environment(keep bool) ([]string, error) {
	env := []string{} // with nil, the command would inherit everything
	if keep {
		env = append(os.Environ(), r.Withheld...) // including the variables that sealcfg has unset
	}
	if name := r.str("user"); name != "" {
		ofUser, err := userEnvironment(name)
		return append(env, ofUser...), err
	}
	return env, nil
}

// environmentOf returns the top-level values of a file as variables. Null becomes an
// empty variable.
func environmentOf(root *envfile.Node) ([]string, error) {
	var env []string
	for n := range root.Entries() {
		switch {
		case n.Kind == envfile.Map || n.Kind == envfile.List:
			return nil, fmt.Errorf("cannot use complex value in environment; offending key %s", n.Key)
		case n.Key == "" || strings.ContainsAny(n.Key, "=\x00"):
			return nil, fmt.Errorf("cannot use keys with '=' in environment: %s", n.Key)
		case strings.Contains(n.Text, "\x00"):
			return nil, fmt.Errorf("%s: cannot use a value with a NUL byte in environment", n.Key)
		}
		env = append(env, n.Key+"="+envfile.StringText(n))
	}
	return env, nil
}

// execFile implements sops exec-file. It passes the plaintext through a named pipe in a
// directory that only the user can enter. With --no-fifo it writes a file there, on a
// memory file system if the system has one.
func (r *invocation) execFile(ctx context.Context) (err error) {
	f, opened, command, err := r.execArguments(ctx)
	if err != nil {
		return err
	}
	text, err := r.plaintext(f, opened, nil)
	if err != nil {
		return err
	}
	name := "tmp-file"
	if n := r.str("filename"); n != "" {
		if name = n; filepath.Base(n) != n || n == "." || n == ".." {
			return errors.New("--filename: expected a file name without a directory")
		}
	}
	dir, err := scratch.New(r.ScratchDirs())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	path := dir.File(name)
	if r.on("no-fifo") || !hasFIFO {
		path, err = dir.WriteFile(name, text)
	} else {
		err = serveFIFO(path, text)
	}
	if err != nil {
		return err
	}
	if user := r.str("user"); user != "" {
		if err := chownTo(user, dir.Path(), path); err != nil {
			return err
		}
	}
	cmd := shell(strings.ReplaceAll(command, "{}", path))
	if cmd.Env, err = r.environment(true); err != nil {
		return err
	}
	return r.runChild(cmd)
}

// runChild runs a command and returns its exit code as a childExit. It passes signals
// on, except signals from the keyboard, which reach the command directly.
func (r *invocation) runChild(cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r.Stdin, r.Stdout, r.Stderr.File // unfiltered: the program belongs to the user
	if user := r.str("user"); user != "" {
		if err := runAs(cmd, user); err != nil {
			return err
		}
	}
	if r.Interrupted != nil && r.Interrupted() {
		return cli.ErrInterrupted
	}
	r.Helper.Close() // the command may run for days
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, forwarded()...)
	defer signal.Stop(signals)
	r.Interrupted = nil
	if err := coredump.Restored(cmd.Start); err != nil {
		return fmt.Errorf("run the command: %w", err)
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				if !fromKeyboard(s) || !inForeground() {
					_ = cmd.Process.Signal(s) // fails if the command has ended
				}
			case <-done:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(done)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return childExit{childCode(exit)}
	case err != nil:
		return fmt.Errorf("run the command: %w", err)
	}
	return nil
}

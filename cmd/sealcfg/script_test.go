package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary also the command: the scripts and the terminal
// tests run real processes without building anything.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sealcfg": func() { os.Exit(realMain()) }})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	if os.Getenv("CI") == "true" && sopsPath() == "" {
		t.Fatal("the real sops is not installed: the scripts that compare with it would be skipped")
	}
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: setUpScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"mode":  mode,
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "sops":
				return sopsPath() != "", nil
			case "root": // whom no mode of a file keeps out
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		RequireUniqueNames: true,
	})
}

// setUpScript gives each script a person of its own.
func setUpScript(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	for name, value := range isolated(home) {
		env.Setenv(name, value)
	}
	if sops := sopsPath(); sops != "" {
		env.Setenv("PATH", env.Getenv("PATH")+string(filepath.ListSeparator)+filepath.Dir(sops))
	}
	return nil
}

// isolated is the environment of a person who has nothing yet, and who is not
// the one that runs the tests.
func isolated(home string) map[string]string {
	return map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, ".config"),
		// The race detector makes every process wait a second before it ends.
		"GORACE":            "atexit_sleep_ms=0",
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "test", "GIT_AUTHOR_EMAIL": "test@example.com",
		"GIT_COMMITTER_NAME": "test", "GIT_COMMITTER_EMAIL": "test@example.com",
	}
}

// sopsPath finds the real sops: on PATH, or where go install puts it.
func sopsPath() string {
	if path, err := exec.LookPath("sops"); err == nil {
		return path
	}
	out, err := exec.Command("go", "env", "GOBIN", "GOPATH").Output()
	if err != nil {
		return ""
	}
	dirs := strings.Split(string(out), "\n")
	if dirs[0] == "" {
		dirs[0] = filepath.Join(dirs[1], "bin")
	}
	path, err := exec.LookPath(filepath.Join(dirs[0], "sops"))
	if err != nil {
		return ""
	}
	return path
}

// exits CODE PROGRAM ARGS... demands an exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// mode FILE PERM demands the permission bits of a file.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE PERM")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

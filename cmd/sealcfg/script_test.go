package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/sealcfg/sealcfg/cmd/internal/sopscli"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
)

// TestMain lets the test binary also act as the command: scripts and terminal tests run
// real processes without a build.
func TestMain(m *testing.M) {
	if sopscli.Called(os.Args[0]) { // by the link of shimDir
		os.Exit(realMain())
	}
	testscript.Main(clitest.M{M: m}, map[string]func(){
		"sealcfg":         func() { os.Exit(realMain()) },
		"age-plugin-demo": func() { os.Exit(demoPlugin()) },
		"kms-demo":        func() { os.Exit(demoHelper()) },
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	if os.Getenv("CI") == "true" && clitest.Sops() == "" {
		t.Fatal("the real sops is not installed: the scripts that compare with it would be skipped")
	}
	if _, err := exec.LookPath("ssh-keygen"); err != nil && os.Getenv("CI") == "true" {
		t.Fatal("ssh-keygen is not installed: apt-get install -y openssh-client")
	}
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: setUpScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"both":       both,
			"console":    console,
			"exits":      exits,
			"lock":       lock,
			"helper":     helper,
			"mode":       mode,
			"realhelper": realHelper,
			"fakes":      startFakes,
			"vault":      startVault,
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "sops":
				return clitest.Sops() != "", nil
			case "gpg":
				return clitest.Have(servicetest.Find("gpg"), "gpg")
			case "vault":
				return clitest.Have(os.Getenv(servicetest.EnvVault), "the Vault of .ci/services.sh")
			case "root": // root ignores file modes
				return os.Geteuid() == 0, nil
			case "mounts":
				return canMount()
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		RequireUniqueNames: true,
		UpdateScripts:      *update,
	})
}

// canMount reports whether scripts can mount a file system, in their own mount namespace.
// In CI it must be possible.
var canMount = sync.OnceValues(func() (bool, error) {
	out, err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt").CombinedOutput()
	if err != nil && os.Getenv("CI") == "true" {
		return false, fmt.Errorf("cannot mount a file system: %w: %s", err, out)
	}
	return err == nil, nil
})

// setUpScript gives each script its own user.
func setUpScript(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	for name, value := range clitest.Isolated(home) {
		env.Setenv(name, value)
	}
	// The directory holds the socket of gpg-agent, so its path must be short.
	gnupg := filepath.Join(env.WorkDir, "gpg")
	env.Setenv("GNUPGHOME", gnupg)
	env.Defer(func() { endAgents(env.WorkDir) })
	if err := shimDir(env); err != nil {
		return err
	}
	if sops := clitest.Sops(); sops != "" {
		env.Setenv("REAL_SOPS", sops)
		env.Setenv("PATH", env.Getenv("PATH")+string(filepath.ListSeparator)+filepath.Dir(sops))
	}
	return nil
}

// exits CODE PROGRAM ARGS... requires an exit code.
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

// mode FILE PERM requires the permission bits of a file.
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

// shimDir makes $SHIM, a directory with a link called sops to the command.
func shimDir(env *testscript.Env) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := filepath.Join(env.WorkDir, ".shim")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	env.Setenv("SHIM", filepath.Join(dir, "sops"))
	env.Setenv("SOPS_DISABLE_VERSION_CHECK", "1")
	return os.Symlink(self, filepath.Join(dir, "sops"))
}

// both CODE ARGS... runs the shim and the real sops. It requires the exit code and the
// same stdout. Without the real sops, only the shim runs.
func both(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: both CODE ARGS...")
	}
	var outputs []string
	for _, program := range []string{ts.Getenv("REAL_SOPS"), ts.Getenv("SHIM")} {
		if program == "" {
			continue
		}
		exits(ts, false, append([]string{args[0], program}, args[1:]...))
		outputs = append(outputs, ts.ReadFile("stdout"))
	}
	if len(outputs) == 2 && outputs[0] != outputs[1] {
		ts.Fatalf("sops prints\n%s\nthe shim prints\n%s", outputs[0], outputs[1])
	}
}

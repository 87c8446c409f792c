// Package clitest has tools for the tests of the commands.
package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sealcfg/sealcfg/internal/test/servicetest"
)

// Isolated returns the environment of a new user with the given home directory. The user has no
// keys and no configuration.
func Isolated(home string) map[string]string {
	return map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, ".config"),
		// Without this, the race detector delays the end of every process by a second.
		"GORACE":            "atexit_sleep_ms=0",
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "test", "GIT_AUTHOR_EMAIL": "test@example.com",
		"GIT_COMMITTER_NAME": "test", "GIT_COMMITTER_EMAIL": "test@example.com",
	}
}

// Sops returns the path of the real sops, or "" if it is not installed.
func Sops() string { return servicetest.Find("sops") }

// Have reports whether path is not empty, as the condition of a test that needs a program. It
// returns an error if the program is missing where CI requires it.
func Have(path, program string) (bool, error) {
	if path == "" && os.Getenv(servicetest.EnvRequired) == "required" {
		return false, fmt.Errorf("%s is missing, but $%s requires it", program, servicetest.EnvRequired)
	}
	return path != "", nil
}

// The programs that tests build.
var (
	Sealcfg   = builder("github.com/sealcfg/sealcfg/cmd/sealcfg") // without the race detector
	KMSHelper = builder("github.com/sealcfg/sealcfg/cmd/sealcfg-kms")
	Fakes     = builder("github.com/sealcfg/sealcfg/internal/interop/fake/cmd/fakes")

	buildDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "sealcfg-test") })
)

// builder returns a function that builds a program at the first call, because linking is slow,
// and returns its path.
func builder(source string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir, err := buildDir()
		if err != nil {
			return "", err
		}
		program := filepath.Join(dir, path.Base(source))
		out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", source, err, out)
		}
		return program, nil
	})
}

// M runs tests and then removes the programs that they have built.
type M struct{ *testing.M }

// Run runs the tests and returns the exit code.
func (m M) Run() int {
	code := m.M.Run()
	if dir, err := buildDir(); err == nil {
		_ = os.RemoveAll(dir)
	}
	return code
}

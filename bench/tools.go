package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	sopsModule  = "github.com/getsops/sops/v3"
	sopsVersion = "v3.13.3"
)

// A demo identity, made for this benchmark. It is public and protects nothing.
const (
	demoIdentity  = "AGE-SECRET-KEY-1PRWRW2ZXAML7SHLNJ7HA6M8LL6TLEEMZ2JURSWPWAZ69PH6209PQKHUGD2"
	demoRecipient = "age12ln9cpdde5nex6ewl9gn4nrgrk256qa66gmcw30vzzxz83q4yasqz8uvv2"
)

// buildFlags are those of a release. sops is installed with the same.
var buildFlags = []string{"-trimpath", "-ldflags=-s"}

type tools struct {
	sealcfg, sops string   // executables
	env           []string // of every measured process: a user with one identity
}

// findTools builds sealcfg from this checkout and finds or installs sops.
func findTools(work string) (*tools, error) {
	t := &tools{sealcfg: filepath.Join(work, "sealcfg")}
	build := exec.Command("go", append([]string{"build", "-o", t.sealcfg}, append(buildFlags, "./cmd/sealcfg")...)...)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build sealcfg: %w\n%s", err, out)
	}
	var err error
	if t.sops, err = findSops(); err != nil {
		return nil, err
	}
	// The identity stands where both programs look first: in a file.
	home := filepath.Join(work, "home")
	keyFile := filepath.Join(home, ".config", "sops", "age", "keys.txt")
	if err := os.MkdirAll(filepath.Dir(keyFile), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(keyFile, []byte(demoIdentity+"\n"), 0o600); err != nil {
		return nil, err
	}
	t.env = []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"),
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + work,
	}
	return t, nil
}

// findSops looks for the wanted version on PATH and where go install puts it,
// and installs it if neither has it.
func findSops() (string, error) {
	dir, err := goEnv("GOBIN")
	if err != nil {
		return "", err
	}
	if dir == "" {
		gopath, err := goEnv("GOPATH")
		if err != nil {
			return "", err
		}
		dir = filepath.Join(filepath.SplitList(gopath)[0], "bin")
	}
	installed := filepath.Join(dir, "sops")
	candidates := []string{installed}
	if path, err := exec.LookPath("sops"); err == nil {
		candidates = append([]string{path}, candidates...)
	}
	for _, path := range candidates {
		if info, err := buildinfo.ReadFile(path); err == nil && info.Main.Path == sopsModule && info.Main.Version == sopsVersion {
			return path, nil
		}
	}
	if _, err := os.Stat(installed); !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s is not sops %s; move it away, or put that version on PATH", installed, sopsVersion)
	}
	fmt.Fprintf(os.Stderr, "installing sops %s (some minutes) ...\n", sopsVersion)
	install := exec.Command("go", append([]string{"install"}, append(buildFlags, sopsModule+"/cmd/sops@"+sopsVersion)...)...)
	install.Dir = os.TempDir() // outside of this module, whose versions are not sops's own
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install sops: %w\n%s", err, out)
	}
	return installed, nil
}

func goEnv(name string) (string, error) {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// conditions says on what the numbers were measured.
func (t *tools) conditions() (string, error) {
	info, err := buildinfo.ReadFile(t.sops)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", t.sops, err)
	}
	sizes := make([]float64, 2)
	for i, path := range []string{t.sealcfg, t.sops} {
		stat, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		sizes[i] = float64(stat.Size()) / (1 << 20)
	}
	var b strings.Builder
	b.WriteString(machine())
	fmt.Fprintf(&b, "sealcfg of this checkout, %s, `go build %s`, %.1f MiB.\n", runtime.Version(), strings.Join(buildFlags, " "), sizes[0])
	fmt.Fprintf(&b, "sops %s, %s, built from the module proxy%s, %.1f MiB.\n", info.Main.Version, info.GoVersion, flagsOf(info), sizes[1])
	return b.String(), nil
}

// machine says where and when something was measured.
func machine() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s: %s, %d processors, %s/%s.\n",
		time.Now().UTC().Format(time.DateOnly), processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(&b, "Load averages at the end (1, 5, 15 minutes): %s.\n", strings.Join(strings.Fields(string(load))[:3], ", "))
	}
	return b.String()
}

func flagsOf(info *buildinfo.BuildInfo) string {
	var set []string
	for _, s := range info.Settings {
		if s.Key == "-ldflags" || s.Key == "-trimpath" {
			set = append(set, s.Key+"="+s.Value)
		}
	}
	if len(set) == 0 {
		return " without flags"
	}
	return " with " + strings.Join(set, " ")
}

// processor returns the name of the processor as Linux gives it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

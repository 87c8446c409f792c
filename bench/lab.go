package main

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A demo identity, made for this benchmark. It is public and protects nothing.
const (
	demoIdentity  = "AGE-SECRET-KEY-1PRWRW2ZXAML7SHLNJ7HA6M8LL6TLEEMZ2JURSWPWAZ69PH6209PQKHUGD2"
	demoRecipient = "age12ln9cpdde5nex6ewl9gn4nrgrk256qa66gmcw30vzzxz83q4yasqz8uvv2"
)

// buildFlags are the flags of a release. Programs that are built here get the same flags.
var buildFlags = []string{"-trimpath", "-ldflags=-s"}

// A lab is the measuring environment: a temporary directory, the programs of this checkout, and a
// user with one identity.
type lab struct {
	plan           plan
	work           string // removed afterwards
	cache          string // holds installed programs between runs
	sealcfg, floor string
	keyFile        string
	env            []string // of every measured process
}

func newLab(p plan) (*lab, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "sealcfg-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{plan: p, work: work, cache: filepath.Join(cache, "sealcfg-bench"),
		sealcfg: filepath.Join(work, "sealcfg"), floor: filepath.Join(work, "floor")}
	if err := l.furnish(); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) close() { _ = os.RemoveAll(l.work) }

func (l *lab) furnish() error {
	for _, b := range []struct{ dir, target, source string }{{"..", l.sealcfg, "./cmd/sealcfg"}, {".", l.floor, "./floor"}} {
		build := exec.Command("go", append(append([]string{"build", "-o", b.target}, buildFlags...), b.source)...)
		build.Dir = b.dir
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", b.source, err, out)
		}
	}
	// The identity is in the key source that sealcfg and sops read first: a file.
	home := filepath.Join(l.work, "home")
	l.keyFile = filepath.Join(home, ".config", "sops", "age", "keys.txt")
	if err := os.MkdirAll(filepath.Dir(l.keyFile), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(l.keyFile, []byte(demoIdentity+"\n"), 0o600); err != nil {
		return err
	}
	l.env = []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"),
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + l.work, "LC_ALL=C.UTF-8",
		"EDITOR=cp " + editedName,
	}
	return nil
}

// most is the largest size for a slow program, unless everything is measured.
func (l *lab) most(few, many int) int {
	if l.plan.heavy {
		return many
	}
	return few
}

func (l *lab) output(dir string, argv ...string) ([]byte, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, l.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(argv[:min(len(argv), 8)], " "), err, stderr.String())
	}
	return out, nil
}

// goProgram searches for a version of a program on PATH, in the directory of go install, and in the
// cache. If it is missing, goProgram builds it in the cache.
func (l *lab) goProgram(name, module, pkg, version string) (path, about string, err error) {
	cached := filepath.Join(l.cache, name+"-"+version)
	candidates := []string{cached}
	if path, err := exec.LookPath(name); err == nil {
		candidates = append([]string{path}, candidates...)
	}
	for _, env := range []string{"GOBIN", "GOPATH"} {
		if dir, err := exec.Command("go", "env", env).Output(); err == nil {
			dir := filepath.SplitList(strings.TrimSpace(string(dir)) + string(filepath.ListSeparator))[0]
			candidates = append(candidates, filepath.Join(dir, name), filepath.Join(dir, "bin", name))
		}
	}
	for _, path := range candidates {
		if info, err := buildinfo.ReadFile(path); err == nil && holds(info, module, version) {
			return path, fmt.Sprintf("%s, %s, %s", version, info.GoVersion, megabytes(path)), nil
		}
	}
	if !l.plan.fetch {
		return "", "", notThere(fmt.Sprintf("%s %s is not installed", name, version))
	}
	fmt.Fprintf(os.Stderr, "building %s (maybe minutes) ... ", version)
	if err := buildAlone(cached, module, pkg, version); err != nil {
		return "", "", err
	}
	return cached, fmt.Sprintf("%s, %s, %s", version, runtime.Version(), megabytes(cached)), nil
}

func holds(info *buildinfo.BuildInfo, module, version string) bool {
	if info.Main.Path == module {
		return info.Main.Version == version
	}
	for _, d := range info.Deps {
		if d.Path == module && info.Main.Path == aloneModule {
			return d.Version == version
		}
	}
	return false
}

const aloneModule = "sealcfg.invalid/peer"

// buildAlone builds a program in a separate module, with the versions that it requires. go install
// would request the list of all versions, which not every proxy has.
func buildAlone(target, module, pkg, version string) error {
	dir, err := os.MkdirTemp("", "sealcfg-bench-build-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, words := range [][]string{
		{"mod", "init", aloneModule},
		{"mod", "edit", "-require=" + module + "@" + version},
		append(append([]string{"build", "-mod=mod", "-o", target}, buildFlags...), module+"/"+pkg),
	} {
		cmd := exec.Command("go", words...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(words, " "), err, out)
		}
	}
	return nil
}

// npm returns the directory of a package in the cache. It installs the package if it is missing.
func (l *lab) npm(pkg, version string) (string, error) {
	dir := filepath.Join(l.cache, strings.ReplaceAll(strings.TrimPrefix(pkg, "@"), "/", "-")+"-"+version)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", pkg, "package.json")); err == nil {
		return dir, nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return "", notThere("no npm")
	}
	if !l.plan.fetch {
		return "", notThere(pkg + " is not installed")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	cmd := exec.Command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, pkg+"@"+version)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install: %w\n%s", err, out)
	}
	return dir, nil
}

// debian searches for a program of a Debian package.
func (l *lab) debian(path *string, program, pkg string, version ...string) (string, error) {
	var err error
	if *path, err = exec.LookPath(program); errors.Is(err, exec.ErrNotFound) {
		return "", notThere("no " + program + " on PATH; apt-get install " + pkg)
	}
	if err != nil {
		return "", err
	}
	out, err := l.output(l.work, append([]string{*path}, version...)...)
	return firstLine(out), err
}

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

func megabytes(path string) string {
	stat, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%.1f MiB", float64(stat.Size())/(1<<20))
}

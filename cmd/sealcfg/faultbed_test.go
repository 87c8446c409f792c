//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/test/faultinject"
	"github.com/sealcfg/sealcfg/keys"
)

// Values before and after a command, which must appear in encrypted files only.
const (
	canaryBefore = "canary-7d1c-before"
	canaryAfter  = "canary-7d1c-after"
)

// A faultBed is a directory in which a command runs many times on the same initial project. It
// holds project, home, and tmp for temporary files.
type faultBed struct {
	dir     string
	bin     string
	editor  string // a program outside the directory, because it contains values
	mounted string // a file that cannot be replaced
}

// editorScript sets the password to its new value, or adds it to a new file. It starts no program,
// because that would dominate the time.
const editorScript = `#!/bin/sh
text=
while IFS= read -r line; do
	case $line in
	*BEFORE*) line="${line%%BEFORE*}AFTER" ;;
	esac
	text="$text$line
"
done <"$1"
case $text in
*AFTER*) ;;
*) text="password: AFTER
" ;;
esac
printf %s "$text" >"$1"
`

// newFaultBed creates the directory, in memory if possible: flushing to a disk would take most of
// the time, and the disk is not under test.
func newFaultBed(t *testing.T, bin string) *faultBed {
	t.Helper()
	parent := t.TempDir()
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		if dir, err := os.MkdirTemp("/dev/shm", "faults-"); err == nil {
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			parent = dir
		}
	}
	b := &faultBed{dir: filepath.Join(parent, "bed"), bin: bin, editor: filepath.Join(parent, "editor")}
	script := strings.NewReplacer("BEFORE", canaryBefore, "AFTER", canaryAfter).Replace(editorScript)
	require.NoError(t, os.WriteFile(b.editor, []byte(script), 0o700))
	b.reset(t, nil)
	return b
}

// startsPrograms reports whether a command starts another program: an editor, or git to search the
// repository.
func startsPrograms(args []string) bool {
	named := slices.ContainsFunc(args[1:], func(arg string) bool { return !strings.HasPrefix(arg, "-") })
	return slices.Contains(args, "edit") || args[0] == "init" || args[0] == "rekey" && !named
}

func (b *faultBed) path(name string) string { return filepath.Join(b.dir, name) }

func (b *faultBed) command(args []string, stdin string) faultinject.Command {
	home := b.path("home")
	var mounted []string
	if b.mounted != "" {
		mounted = []string{b.path(b.mounted)}
	}
	c := faultinject.Command{Mounted: mounted, Path: b.bin, Args: args, Dir: b.path("project"), Stdin: stdin, Roots: []string{b.dir}, Own: "/dev/shm/sealcfg-", Starts: startsPrograms(args)}
	for name, value := range clitest.Isolated(home) {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Env = append(c.Env, "PATH="+os.Getenv("PATH"), "TMPDIR="+b.path("tmp"), "EDITOR="+b.editor)
	return c
}

// runs runs a command without faults.
func (b *faultBed) runs(stdin string, args ...string) (stdout, stderr string, err error) {
	c := b.command(args, stdin)
	cmd := exec.Command(c.Path, c.Args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, strings.NewReader(stdin), &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// run runs a command that must succeed, and returns its answer.
func (b *faultBed) run(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, err := b.runs("", args...)
	require.NoError(t, err, "%v: %s", args, stderr)
	return stdout
}

// restore follows the hint about a damaged file.
func (b *faultBed) restore(t *testing.T, name string) {
	t.Helper()
	_, stderr, err := b.runs("", "decrypt", strings.TrimPrefix(name, "project/"))
	require.Error(t, err)
	_, command, found := strings.Cut(stderr, "to restore it, run: ")
	require.True(t, found, "%s", stderr)
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = b.path("project")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func (b *faultBed) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(b.path(name)), 0o755))
	require.NoError(t, os.WriteFile(b.path(name), []byte(text), 0o644))
}

// A tree maps the paths in a directory to contents. Directories end with a slash.
type tree map[string]string

func (b *faultBed) tree(t *testing.T) tree {
	t.Helper()
	all, err := readTree(b.dir)
	require.NoError(t, err)
	return all
}

func readTree(dir string) (tree, error) {
	all := tree{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			all[name+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(path)
		all[name] = string(text)
		return err
	})
	return all, err
}

// reset replaces the contents of the directory by a tree.
func (b *faultBed) reset(t *testing.T, to tree) {
	t.Helper()
	require.NoError(t, os.RemoveAll(b.dir))
	for _, dir := range []string{"project", "home", "tmp"} {
		require.NoError(t, os.MkdirAll(b.path(dir), 0o755))
	}
	for name := range to {
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(b.path(name), 0o755))
		}
	}
	for name, text := range to {
		if !strings.HasSuffix(name, "/") {
			require.NoError(t, os.WriteFile(b.path(name), []byte(text), 0o600))
		}
	}
}

const keyFile = "home/.config/sops/age/keys.txt"

// A judge knows the files before a command and after it.
type judge struct {
	before, after tree
	plain         []string // files that hold plaintext, temporarily or permanently
	mounted       string   // a file that is written in place, and may be damaged if a copy exists

	mu   sync.Mutex
	says map[string]string // plaintexts of encrypted files, by name and text
}

// A verdict counts the old and the new files, among those that the command changes.
type verdict struct {
	old, new int
	temps    []string // leftover temporary files
	damaged  bool     // the mounted file is neither old nor new, but a copy of its intended contents exists
}

// look compares each file with its old and new contents. It fails for a file that cannot be
// decrypted, has other contents, or is plaintext.
func (j *judge) look(now tree) (verdict, error) {
	var v verdict
	for name, text := range now {
		_, wasThere := j.before[name]
		_, isMade := j.after[name]
		temp, _ := filepath.Match(atomicfile.TempPattern, filepath.Base(name))
		switch {
		case temp:
			v.temps = append(v.temps, name)
		case strings.HasSuffix(name, "/") || wasThere || isMade:
		case strings.HasPrefix(name, "home/.local/state/sealcfg/drafts/"):
		case j.mounted != "" && strings.HasPrefix(name, copiesBelow):
		default:
			return v, fmt.Errorf("%s: nobody asked for it", name)
		}
		if j.isPlain(name) {
			continue
		}
		if err := noCanary(name, text); err != nil {
			return v, err
		}
	}
	for name, made := range j.after {
		old, had := j.before[name]
		if strings.HasSuffix(name, "/") || had && old == made {
			continue
		}
		text, has := now[name]
		switch {
		case has == had && text == old:
			v.old++
		case !has:
			return v, fmt.Errorf("%s: gone", name)
		default:
			err := j.sameAs(now, name, made)
			if err != nil && name == j.mounted {
				v.damaged = true
				v.old++
				err = j.hasCopy(now, name, made)
			} else {
				v.new++
			}
			if err != nil {
				return v, fmt.Errorf("%s: neither old nor new: %w", name, err)
			}
		}
	}
	for name, old := range j.before {
		if made, stays := j.after[name]; stays && made != old || strings.HasSuffix(name, "/") {
			continue
		}
		if now[name] != old {
			return v, fmt.Errorf("%s: changed, and nobody asked for that", name)
		}
	}
	return v, nil
}

const copiesBelow = "home/.local/state/sealcfg/copies/"

// hasCopy fails unless a copy of a file's intended contents exists.
func (j *judge) hasCopy(now tree, name, made string) error {
	for kept, text := range now {
		if strings.HasPrefix(kept, copiesBelow) && strings.HasSuffix(kept, "-"+filepath.Base(name)) {
			with := maps.Clone(now)
			with[name] = text
			return j.sameAs(with, name, made)
		}
	}
	return errors.New("damaged, and there is no copy")
}

// isPlain reports whether a file holds plaintext or is a temporary file for one that does.
func (j *judge) isPlain(name string) bool {
	for _, plain := range j.plain {
		temp := filepath.Join(filepath.Dir(plain), "."+filepath.Base(plain)+".sealcfg-")
		_, sealed := j.before[plain] // an encrypted file that is replaced has a temporary file without plaintext
		if name == plain || !sealed && strings.HasPrefix(name, temp) {
			return true
		}
	}
	return false
}

func noCanary(name, text string) error {
	for _, canary := range []string{canaryBefore, canaryAfter} {
		if strings.Contains(text, canary) {
			return fmt.Errorf("%s: holds plain text", name)
		}
	}
	return nil
}

// sameAs compares a file with the result of a run without faults. Ciphertexts and new keys differ
// between runs.
func (j *judge) sameAs(now tree, name, made string) error {
	switch {
	case name == keyFile:
		got, err := keys.ParseAgeIdentities(now[name])
		if err != nil {
			return err
		}
		want, err := keys.ParseAgeIdentities(made)
		if err == nil && (len(got) < len(want) || !strings.HasPrefix(now[name], j.before[name])) { // a second run adds one more
			err = fmt.Errorf("%d identities", len(got))
		}
		return err
	case j.isPlain(name) && !strings.Contains(made, "ENC["), filepath.Base(name) == ".gitignore", filepath.Base(name) == environments.ConfigName:
		if now[name] != made {
			return errors.New("it is cut off")
		}
		return nil
	case filepath.Base(name) == environments.PolicyName:
		ids, err := keys.ParseAgeIdentities(now[keyFile])
		if err != nil {
			return err
		}
		if mine := keys.Recipients(ids...)[0]; !strings.Contains(now[name], mine) || strings.Count(now[name], "\n") != strings.Count(made, "\n") {
			return fmt.Errorf("it does not name %s", mine)
		}
		return nil
	}
	got, err := j.opens(now, name)
	if err != nil {
		return err
	}
	want, err := j.opens(j.after, name)
	if err == nil && got != want {
		err = fmt.Errorf("it says something else")
	}
	return err
}

// opens is openIn, cached by text.
func (j *judge) opens(all tree, name string) (string, error) {
	text := all[name]
	key := name + "\x00" + text
	j.mu.Lock()
	says, ok := j.says[key]
	j.mu.Unlock()
	if ok {
		return says, nil
	}
	says, err := openIn(all, name, text)
	if err == nil {
		j.mu.Lock()
		j.says[key] = says
		j.mu.Unlock()
	}
	return says, err
}

// openIn decrypts a file with the keys of a tree and returns its plaintext and the number of its
// recipients.
func openIn(all tree, name, text string) (string, error) {
	if text == "" {
		return "", fmt.Errorf("it is empty")
	}
	format, _ := envfile.Detect(name, []byte(text))
	s, err := envfile.ParseSealed(format, []byte(text))
	if err != nil {
		return "", err
	}
	ids, err := keys.ParseAgeIdentities(all[keyFile])
	if err != nil {
		return "", err
	}
	o, err := s.Open(context.Background(), ids...)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	plain, err := o.Text()
	fmt.Fprintf(&b, "%s%d", plain, len(s.Metadata().Stanzas()))
	return b.String(), err
}

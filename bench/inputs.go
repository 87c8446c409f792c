package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// plainText returns the plaintext of the work's file i.
func plainText(w work, i int) []byte {
	switch w.shape {
	case object:
		return []byte(generateJSON(w.size, 0))
	case oneBinary:
		content := make([]byte, w.size)
		_, _ = rand.NewChaCha8([32]byte{}).Read(content) // does not fail
		return content
	}
	return []byte(generate(w.values(), uint64(i)))
}

// changedText returns a plaintext with the value that a round of set writes.
func changedText(w work, text []byte, round int) []byte {
	was := fmt.Sprintf("user: \"app_%d\"\n", w.size/perSection/2)
	return []byte(strings.Replace(string(text), was, "user: \""+changedValue(round)+"\"\n", 1))
}

func extension(s shape) string {
	return map[shape]string{settings: ".yaml", object: ".json", oneBinary: ".bin"}[s]
}

// fileName returns the name of file i in a project.
func fileName(w work, i int) string {
	return filepath.Join("environments", fmt.Sprintf("customer-%04d", i)+extension(w.shape))
}

// plainName is the name of the plaintext that seal reads.
func plainName(w work) string { return filepath.Join("environments", "plain"+extension(w.shape)) }

// sealed creates a project in dir with files that sealcfg encrypted. Works of the same shape and
// size have identical files: they are encrypted once and then copied.
func (l *lab) sealed(dir string, w work) (*task, error) {
	t := &task{format: "yaml"}
	if w.shape == oneBinary {
		t.format = "raw"
	}
	store := filepath.Join(l.work, "sealed", fmt.Sprintf("%s-%d", w.shape, w.values()))
	for _, d := range []string{store, dir} {
		if err := layOut(d); err != nil {
			return nil, err
		}
	}
	if w.kind == sealKind {
		if err := os.WriteFile(filepath.Join(dir, plainName(w)), plainText(w, 0), 0o644); err != nil {
			return nil, err
		}
	}
	for i := range w.files() {
		name := fileName(w, i)
		text, err := os.ReadFile(filepath.Join(store, name))
		if err != nil {
			if text, err = l.seal(store, name, plainText(w, i)); err != nil {
				return nil, err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return nil, err
		}
		t.files = append(t.files, name)
	}
	return t, nil
}

func (l *lab) seal(store, name string, plain []byte) ([]byte, error) {
	path := filepath.Join(store, name)
	if err := os.WriteFile(path, plain, 0o644); err != nil {
		return nil, err
	}
	if _, err := l.output(store, l.sealcfg, "encrypt", name); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// replaceLine replaces the rest of the line that begins with start.
func replaceLine(path, start, rest string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, line, found := strings.Cut(string(text), start)
	_, after, ended := strings.Cut(line, "\n")
	if !found || !ended {
		return fmt.Errorf("%s has no line that begins with %q", path, start)
	}
	return os.WriteFile(path, []byte(before+start+rest+"\n"+after), 0o644)
}

// sizeOf sums up the sizes of files.
func sizeOf(paths []string) (int64, error) {
	var sum int64
	for _, p := range paths {
		stat, err := os.Stat(p)
		if err != nil {
			return 0, err
		}
		sum += stat.Size()
	}
	return sum, nil
}

// inFolder puts a directory before names.
func inFolder(dir string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = filepath.Join(dir, n)
	}
	return out
}

package main

import (
	"os"
	"path/filepath"
)

type ansiblePeer struct{ path string }

func (*ansiblePeer) name() string { return "ansible-vault" }

func (*ansiblePeer) differs() string {
	return "seals the file as a whole, under a password; Python. Change one value: `edit` with `cp` as the editor"
}

func (p *ansiblePeer) find(l *lab) (string, error) {
	return l.debian(&p.path, "ansible-vault", "ansible-core", "--version")
}

func (p *ansiblePeer) prepare(l *lab, dir string, w work) (*task, error) {
	if w.kind == startKind {
		return &task{job: always(dir, argv(p.path, "--version"))}, nil
	}
	if w.shape != settings {
		return nil, nil
	}
	for _, password := range passwords {
		if err := os.WriteFile(filepath.Join(dir, password), []byte("made for the benchmark: "+password+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	t := &task{format: "yaml"}
	for i := range w.files() {
		name := fileName(w, i)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), plainText(w, i), 0o644); err != nil {
			return nil, err
		}
		t.files = append(t.files, name)
	}
	password := passwords[0]
	with := func(what string, more ...string) []string {
		return append([]string{p.path, what, "--vault-password-file", password}, more...)
	}
	t.opened = func() ([]byte, error) { return l.output(dir, with("decrypt", "--output", "-", t.files[0])...) }
	switch w.kind {
	case openKind:
		t.job = always(dir, argv(with("decrypt", "--output", "-", t.files[0])...))
	case setKind: // $EDITOR is cp, see newLab
		text := plainText(w, 0)
		t.before = func(round int) error {
			return os.WriteFile(filepath.Join(dir, editedName), changedText(w, text, round), 0o644)
		}
		t.job = always(dir, argv(with("edit", t.files[0])...))
	case rekeyKind:
		t.job = func(round int) job {
			next := passwords[(round+1)%2]
			j := job{Dir: dir, Commands: []command{argv(with("rekey", append([]string{"--new-vault-password-file", next}, t.files...)...)...)}}
			password = next
			return j
		}
	}
	_, err := l.output(dir, with("encrypt", t.files...)...)
	return t, err
}

// passwords are two files; rekey switches between them in each round.
var passwords = [2]string{"password-0", "password-1"}

// editedName is the file that the editor copies over the plaintext.
const editedName = "edited.yaml"

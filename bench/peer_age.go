package main

import (
	"os"
	"path/filepath"
)

type agePeer struct{ path string }

func (*agePeer) name() string { return ageName }

func (*agePeer) differs() string {
	return "seals the file as a whole: no names to read, no diff. Change one value: encrypt the changed plaintext again"
}

func (p *agePeer) find(l *lab) (version string, err error) {
	p.path, version, err = l.goProgram("age", "filippo.io/age", "cmd/age", "v1.3.2")
	return version, err
}

func (p *agePeer) prepare(l *lab, dir string, w work) (*task, error) {
	if w.kind == startKind {
		return &task{job: always(dir, argv(p.path, "--version"))}, nil
	}
	if w.shape != settings || w.kind != openKind && w.kind != setKind {
		return nil, nil
	}
	t, err := wholeFile(dir, w)
	if err != nil {
		return nil, err
	}
	seal := argv(p.path, "-r", demoRecipient, "-o", wholeSealed, wholePlain)
	t.opened = func() ([]byte, error) { return l.output(dir, p.path, "-d", "-i", l.keyFile, wholeSealed) }
	t.job = always(dir, seal)
	if w.kind == openKind {
		t.job = always(dir, argv(p.path, "-d", "-i", l.keyFile, wholeSealed))
		_, err = l.output(dir, seal.Argv...)
	}
	return t, err
}

// The files of programs that encrypt a file as a whole.
const (
	wholePlain  = "plain.yaml"
	wholeSealed = "sealed"
)

// wholeFile writes the plaintext for a program that encrypts it as a whole. Before each round of
// set, one value changes.
func wholeFile(dir string, w work) (*task, error) {
	text := plainText(w, 0)
	write := func(text []byte) error { return os.WriteFile(filepath.Join(dir, wholePlain), text, 0o644) }
	t := &task{format: "yaml", files: []string{wholeSealed}}
	if w.kind == setKind {
		t.before = func(round int) error { return write(changedText(w, text, round)) }
	}
	return t, write(text)
}

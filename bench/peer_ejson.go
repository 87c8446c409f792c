package main

import (
	"os"
	"path/filepath"
	"strings"
)

type ejsonPeer struct{ path, keys, public string }

func (*ejsonPeer) name() string { return "ejson" }

func (*ejsonPeer) differs() string {
	return "JSON only, a NaCl box for each value, strings only (all values are strings here); nothing authenticates the file. Change one value: `encrypt` a file of which one value is plain"
}

func (p *ejsonPeer) find(l *lab) (version string, err error) {
	if p.path, version, err = l.goProgram("ejson", "github.com/Shopify/ejson", "cmd/ejson", "v1.5.4"); err != nil {
		return "", err
	}
	p.keys = filepath.Join(l.work, "ejson-keys")
	if err := os.MkdirAll(p.keys, 0o700); err != nil {
		return "", err
	}
	public, err := l.output(l.work, p.path, "-k", p.keys, "keygen", "-w")
	p.public = strings.TrimSpace(string(public))
	return version, err
}

func (p *ejsonPeer) prepare(l *lab, dir string, w work) (*task, error) {
	if w.kind == startKind {
		return &task{job: always(dir, argv(p.path, "--version"))}, nil
	}
	if w.shape != settings || w.kind != openKind && w.kind != setKind {
		return nil, nil
	}
	const name = "settings.ejson"
	file := filepath.Join(dir, name)
	fields, err := flatten(plainText(w, 0))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, flatJSON(append([]field{{"_public_key", p.public}}, fields...)), 0o644); err != nil {
		return nil, err
	}
	seal := argv(p.path, "-k", p.keys, "encrypt", name)
	if _, err := l.output(dir, seal.Argv...); err != nil {
		return nil, err
	}
	t := &task{format: "yaml", files: []string{name}}
	t.opened = func() ([]byte, error) { return l.output(dir, p.path, "-k", p.keys, "decrypt", name) }
	if w.kind == openKind {
		t.job = always(dir, argv(p.path, "-k", p.keys, "decrypt", name))
		return t, nil
	}
	t.job = always(dir, seal)
	t.before = func(round int) error {
		return replaceLine(file, `  "`+flatName(changedField(w))+`": `, `"`+changedValue(round)+`",`)
	}
	return t, nil
}

package main

import (
	"os"
	"path/filepath"
	"strconv"
)

const dotenvxPackage, dotenvxVersion = "@dotenvx/dotenvx", "2.38.2"

type dotenvxPeer struct{ path string }

func (*dotenvxPeer) name() string { return "dotenvx" }

func (*dotenvxPeer) differs() string {
	return "one `.env` file, ECIES on secp256k1 for each value; Node. Not measured with 10,000 values: 1,000 take about twenty seconds"
}

func (p *dotenvxPeer) find(l *lab) (string, error) {
	dir, err := l.npm(dotenvxPackage, dotenvxVersion)
	if err != nil {
		return "", err
	}
	p.path = filepath.Join(dir, "node_modules", ".bin", "dotenvx")
	out, err := l.output(l.work, p.path, "--version")
	return firstLine(out), err
}

func (p *dotenvxPeer) prepare(l *lab, dir string, w work) (*task, error) {
	if w.kind == startKind {
		return &task{job: always(dir, argv(p.path, "--version"))}, nil
	}
	if w.shape != settings || w.kind != openKind && w.kind != setKind || w.size > l.most(100, 1_000) {
		return nil, nil
	}
	if err := p.seal(l, dir, w); err != nil {
		return nil, err
	}
	t := &task{format: "env", files: []string{".env"}}
	open := argv(p.path, "decrypt", "--no-armor", "--no-native", "--stdout")
	t.opened = func() ([]byte, error) { return l.output(dir, open.Argv...) }
	t.job = always(dir, open)
	if w.kind == setKind {
		t.job = func(round int) job {
			return job{Dir: dir, Commands: []command{argv(p.path, "set", flatName(changedField(w)), changedValue(round), "--no-armor", "--no-native")}}
		}
	}
	return t, nil
}

// seal puts the encrypted settings into dir. They are encrypted once for all works of the size.
func (p *dotenvxPeer) seal(l *lab, dir string, w work) error {
	store := filepath.Join(l.work, "dotenvx", strconv.Itoa(w.size))
	if _, err := os.Stat(store); err != nil {
		if err := os.MkdirAll(store, 0o755); err != nil {
			return err
		}
		fields, err := flatten(plainText(w, 0))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(store, ".env"), dotenv(fields), 0o644); err != nil {
			return err
		}
		if _, err := l.output(store, p.path, "encrypt", "--no-armor", "--no-native"); err != nil {
			return err
		}
	}
	return os.CopyFS(dir, os.DirFS(store))
}

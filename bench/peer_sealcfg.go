package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

type sealcfgPeer struct{ path string }

func (*sealcfgPeer) name() string { return sealcfgName }

func (*sealcfgPeer) differs() string {
	return "checks the binding, holds each file to `.sops.yaml`; `rekey` opens each result with the user's key and waits for the disk (two fsyncs for a file)"
}

func (p *sealcfgPeer) find(l *lab) (string, error) {
	p.path = l.sealcfg
	rev, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "of this checkout", nil // an archive has no commits
	}
	return "of this checkout, " + strings.TrimSpace(string(rev)), nil
}

func (p *sealcfgPeer) prepare(l *lab, dir string, w work) (*task, error) {
	if w.kind == startKind {
		return &task{job: always(dir, argv(p.path, "version"))}, nil
	}
	t, err := l.sealed(dir, w)
	if err != nil {
		return nil, err
	}
	file := t.files[0]
	t.opened = func() ([]byte, error) { return l.output(dir, p.path, "decrypt", file) }
	switch w.kind {
	case openKind:
		t.job = always(dir, argv(p.path, "decrypt", file))
	case sealKind:
		t.job = always(dir, argv(p.path, "encrypt", plainName(w), "-o", "-"))
	case setKind:
		t.job = func(round int) job {
			return job{Dir: dir, Commands: []command{argv(p.path, "set", file, strings.Join(changedField(w), "."), changedValue(round))}}
		}
	case rekeyKind:
		t.job = always(dir, argv(p.path, "rekey", "--yes"))
	}
	return t, nil
}

// layOut creates the directories of a project and its policy.
func layOut(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "environments"), 0o755); err != nil {
		return err
	}
	policy := "creation_rules:\n  - path_regex: ^environments/\n    age: " + demoRecipient + "\n"
	return os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte(policy), 0o644)
}

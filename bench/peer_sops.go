package main

import (
	"strings"
)

const (
	sopsModule  = "github.com/getsops/sops/v3"
	sopsVersion = "v3.13.3"
)

type sopsPeer struct{ path string }

func (*sopsPeer) name() string { return sopsName }

func (*sopsPeer) differs() string {
	return "reads the very bytes that sealcfg sealed; `rekey` is `sops rotate -i`, a process for each file without a shell in between; no binding, no policy, no fsync"
}

func (p *sopsPeer) find(l *lab) (version string, err error) {
	p.path, version, err = l.goProgram("sops", sopsModule, "cmd/sops", sopsVersion)
	return version, err
}

func (p *sopsPeer) prepare(l *lab, dir string, w work) (*task, error) {
	if w.kind == startKind {
		return &task{job: always(dir, argv(p.path, "--disable-version-check", "--version"))}, nil
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
		t.job = always(dir, argv(p.path, "encrypt", plainName(w)))
	case setKind:
		index := `["` + strings.Join(changedField(w), `"]["`) + `"]`
		t.job = func(round int) job {
			return job{Dir: dir, Commands: []command{argv(p.path, "set", file, index, `"`+changedValue(round)+`"`)}}
		}
	case rekeyKind:
		var loop []command
		for _, f := range t.files {
			loop = append(loop, argv(p.path, "rotate", "-i", f))
		}
		t.job = always(dir, loop...)
	}
	return t, nil
}

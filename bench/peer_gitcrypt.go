package main

import (
	"path/filepath"
	"strings"
)

type gitCryptPeer struct{ path string }

func (*gitCryptPeer) name() string { return "git-crypt" }

func (*gitCryptPeer) differs() string {
	return "seals the file as a whole, with a key that lies in the clone and never changes; open is what `git diff` runs, change what `git add` runs"
}

func (p *gitCryptPeer) find(l *lab) (string, error) {
	return l.debian(&p.path, "git-crypt", "git-crypt", "version")
}

func (p *gitCryptPeer) prepare(l *lab, dir string, w work) (*task, error) {
	if w.kind == startKind {
		return &task{job: always(dir, argv(p.path, "version"))}, nil
	}
	if w.shape != settings || w.kind != openKind && w.kind != setKind {
		return nil, nil
	}
	t, err := wholeFile(dir, w)
	if err != nil {
		return nil, err
	}
	for _, words := range [][]string{{"git", "init", "-q"}, {p.path, "init"}} {
		if _, err := l.output(dir, words...); err != nil {
			return nil, err
		}
	}
	// git-crypt writes to stdout, which is git: it goes to a file here, as with the others.
	seal := command{Argv: []string{p.path, "clean"}, Stdin: wholePlain, Stdout: wholeSealed}
	t.opened = func() ([]byte, error) { return l.output(dir, p.path, "diff", wholeSealed) }
	t.job = always(dir, seal)
	if w.kind == openKind {
		t.job = always(dir, argv(p.path, "diff", wholeSealed))
		_, err = always(dir, seal)(0).run(l.env)
	}
	return t, err
}

// transcryptPeer is named so that nobody wonders: it is on no registry.
type transcryptPeer struct{}

func (transcryptPeer) name() string    { return "transcrypt" }
func (transcryptPeer) differs() string { return "" }
func (transcryptPeer) find(*lab) (string, error) {
	return "", notThere("a shell script over openssl, which neither Debian nor npm nor the Go proxy has")
}
func (transcryptPeer) prepare(*lab, string, work) (*task, error) { return nil, nil }

// notThere is the reason why a program is not measured.
type notThere string

func (n notThere) Error() string { return string(n) }

// oneLine is the first line of an error, for a cell of a table.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ReplaceAll(line, "|", "/")
}

// inFolder puts a folder before names.
func inFolder(dir string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = filepath.Join(dir, n)
	}
	return out
}

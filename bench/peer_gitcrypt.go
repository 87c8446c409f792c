package main

type gitCryptPeer struct{ path string }

func (*gitCryptPeer) name() string { return "git-crypt" }

func (*gitCryptPeer) differs() string {
	return "encrypts the file as a whole, with a key in the clone that never changes; open is the command that `git diff` runs, change the command that `git add` runs"
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
	// git-crypt writes to stdout for git. Here it writes to a file, like the others.
	seal := command{Argv: []string{p.path, "clean"}, Stdin: wholePlain, Stdout: wholeSealed}
	t.opened = func() ([]byte, error) { return l.output(dir, p.path, "diff", wholeSealed) }
	t.job = always(dir, seal)
	if w.kind == openKind {
		t.job = always(dir, argv(p.path, "diff", wholeSealed))
		_, err = always(dir, seal)(0).run(l.env)
	}
	return t, err
}

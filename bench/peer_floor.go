package main

import "path/filepath"

// floorPeer is the program in floor/, which does only the unavoidable work.
type floorPeer struct{ path string }

func (*floorPeer) name() string { return floorName }

func (*floorPeer) differs() string {
	return "a small Go program: one age unwrap, AES-GCM, base64 and SHA-512 over the values of the same file, its bytes read and written. No parser, no checks, no fsync; many files on all processors"
}

func (p *floorPeer) find(l *lab) (string, error) {
	p.path = l.floor
	return "of this checkout", nil
}

func (p *floorPeer) prepare(l *lab, dir string, w work) (*task, error) {
	if w.kind == startKind {
		return &task{job: always(dir, argv(p.path, "start"))}, nil
	}
	if w.shape != settings || w.kind == sealKind {
		return nil, nil
	}
	t, err := l.sealed(dir, w)
	if err != nil {
		return nil, err
	}
	if _, err := l.output(dir, append([]string{p.path, "prepare", l.keyFile}, t.files...)...); err != nil {
		return nil, err
	}
	t.job = always(dir, argv(append([]string{p.path, string(w.kind), l.keyFile}, t.files...)...))
	size, err := sizeOf(inFolder(dir, t.files))
	if err != nil {
		return nil, err
	}
	t.format = "floor"
	t.opened = func() ([]byte, error) {
		out, err := l.output(dir, p.path, "open", l.keyFile, t.files[0])
		if err == nil && (len(out) == 0 || int64(len(out)) >= size) {
			err = notThere("the floor opens a file to " + filepath.Base(t.files[0]) + " of another size")
		}
		return out, err
	}
	return t, nil
}

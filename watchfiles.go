package sealcfg

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A WatchedSource is a [Source] that reads files. [Handle.Watch] reloads when they
// change.
type WatchedSource interface {
	Source

	// Watched returns the paths of files and directories, which need not exist. A directory
	// stands for everything in it, except names that begin with a dot.
	Watched() []string
}

// Watched returns the file that the variables come from. If from is not the path of a file,
// Watch finds nothing there.
func (s *environSource) Watched() []string {
	if s.process || s.from == "" {
		return nil
	}
	return []string{s.from}
}

func (s *secretsDir) Watched() []string { return []string{s.dir} }

// marks record the state of files. They do not contain the contents of files, so that these
// are in memory no longer than necessary.
type marks []mark

// A mark records the state of one file.
type mark struct {
	path string
	info fs.FileInfo // nil for a directory, and after an error
	disk bool        // whether os.SameFile can identify the file
	sum  [sha256.Size]byte
	err  string
}

func (m marks) same(o marks) bool {
	if len(m) != len(o) {
		return false
	}
	for i := range m {
		if !m[i].same(&o[i]) {
			return false
		}
	}
	return true
}

func (m *mark) same(o *mark) bool {
	if m.path != o.path || m.err != o.err || m.sum != o.sum || (m.info == nil) != (o.info == nil) {
		return false
	}
	if m.info == nil {
		return true
	}
	return m.info.Size() == o.info.Size() && m.info.Mode() == o.info.Mode() && m.info.ModTime().Equal(o.info.ModTime()) &&
		m.disk == o.disk && (!m.disk || os.SameFile(m.info, o.info))
}

// markOf returns the mark of a file. On Windows, the first call of [os.SameFile] determines
// the identity of a file, so it must come before the file can be replaced.
func markOf(path string, info fs.FileInfo) mark {
	return mark{path: path, info: info, disk: os.SameFile(info, info)}
}

// look returns the marks of the files of all sources. It lists the files each time, because
// files can appear and disappear.
func (l *loader) look(env string) marks {
	sources, _, err := l.sources(env)
	if err != nil {
		return marks{{err: err.Error()}}
	}
	var seen marks
	for _, s := range sources {
		switch s := s.(type) {
		case *fileSource:
			seen = append(seen, markIn(s.fsys, s.layer.Path))
		case WatchedSource:
			for _, path := range s.Watched() {
				seen = seen.add(path, maxSecretDepth)
			}
		}
	}
	return seen
}

// markIn returns the mark of a file in fsys. In-memory file systems often lack modification
// times; for these, it hashes the contents.
func markIn(fsys fs.FS, name string) mark {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return mark{path: name, err: err.Error()}
	}
	m := markOf(name, info)
	if info.ModTime().IsZero() {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			m.err = err.Error()
		}
		m.sum = sha256.Sum256(text)
	}
	return m
}

// add adds the marks of a path on disk and, if it is a directory, of the files in it. It
// follows links.
func (m marks) add(path string, depth int) marks {
	info, err := os.Stat(path)
	if err != nil {
		return append(m, mark{path: path, err: err.Error()})
	}
	if !info.IsDir() {
		return append(m, markOf(path, info))
	}
	entries, err := os.ReadDir(path)
	folder := mark{path: path} // without info, because its time also changes with names that are skipped
	if err != nil {
		folder.err = err.Error()
	}
	m = append(m, folder)
	for _, e := range entries {
		if depth > 0 && !strings.HasPrefix(e.Name(), ".") {
			m = m.add(filepath.Join(path, e.Name()), depth-1)
		}
	}
	return m
}

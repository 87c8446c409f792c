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

	// Watched returns the paths of files and folders, whether they exist or not. A
	// folder stands for all that lies in it, but for names that begin with a dot.
	Watched() []string
}

// Watched returns the file that variables come from. If that is no file, there is
// nothing to see.
func (s *environSource) Watched() []string {
	if s.process || s.from == "" {
		return nil
	}
	return []string{s.from}
}

func (s *secretsDir) Watched() []string { return []string{s.dir} }

// marks are what a look at files has seen, without reading them: contents are not
// to lie around in memory more than they must.
type marks []mark

type mark struct {
	path string
	info fs.FileInfo // nil for a folder, and for what cannot be looked at
	disk bool        // it is on the disk, and can be told from another with its name
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

// markOf marks a file. To compare it with itself also has Windows look which file
// it is now, and not when it has been replaced.
func markOf(path string, info fs.FileInfo) mark {
	return mark{path: path, info: info, disk: os.SameFile(info, info)}
}

// look looks at the files of all sources. Which there are is asked anew each
// time, for files come and go.
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

// markIn looks at a file of a file system. Those that lie in memory often have no
// times, and are read.
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

// add looks at a path on the disk, through links.
func (m marks) add(path string, depth int) marks {
	info, err := os.Stat(path)
	if err != nil {
		return append(m, mark{path: path, err: err.Error()})
	}
	if !info.IsDir() {
		return append(m, markOf(path, info))
	}
	entries, err := os.ReadDir(path)
	folder := mark{path: path} // its time also changes with names that do not count
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

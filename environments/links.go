package environments

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// locate returns the project around a file, with the absolute path of the file.
// That path is the one given, unless symbolic links lead from there to another
// project: another person's policy next to a link must not decide about the file
// that the link leads to.
func (f *Finder) locate(file string) (string, project, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", project{}, fmt.Errorf("locate %s: %w", file, err)
	}
	actual := f.realFile(abs)
	dir, found, err := f.locateBehind(filepath.Dir(abs), filepath.Dir(actual))
	if dir == filepath.Dir(abs) {
		return abs, found, err
	}
	return actual, found, err
}

// locateDir is locate for an absolute path of a directory.
func (f *Finder) locateDir(abs string) (string, project, error) {
	return f.locateBehind(abs, f.realDir(abs))
}

// locateBehind chooses between a directory and its path without symbolic links. A
// directory that is in no project there stays in the project of the link.
func (f *Finder) locateBehind(dir, actual string) (string, project, error) {
	found, err := f.directory(dir).project()
	if err != nil || actual == dir {
		return dir, found, err
	}
	behind, err := f.directory(actual).project()
	if err != nil {
		return dir, project{}, err
	}
	if behind.root() == "" || behind.root() == f.realDir(found.root()) && (behind.policy == nil) == (found.policy == nil) {
		return dir, found, nil
	}
	return actual, behind, nil
}

// realDir is [realPath] for a directory.
func (f *Finder) realDir(path string) string {
	if path == "" {
		return ""
	}
	if actual, ok := f.real[path]; ok {
		return actual
	}
	if f.real == nil {
		f.real = map[string]string{}
	}
	f.real[path] = realPath(path)
	return f.real[path]
}

// realFile is [realPath] for one of many files in a directory.
func (f *Finder) realFile(path string) string {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return realPath(path)
	}
	return filepath.Join(f.realDir(filepath.Dir(path)), filepath.Base(path))
}

// realPath returns a path without symbolic links, as far as it exists.
func realPath(path string) string {
	actual, err := filepath.EvalSymlinks(path)
	if err == nil {
		return actual
	}
	dir := filepath.Dir(path)
	if dir == path {
		return path
	}
	return filepath.Join(realPath(dir), filepath.Base(path))
}

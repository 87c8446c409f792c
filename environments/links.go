package environments

import "path/filepath"

// locateFile is [locate] for a file, with its path. That is the one it was asked
// for, unless symbolic links lead from there to another project: somebody else's
// policy beside a link must not decide about a file behind it.
func locateFile(abs string) (string, place, error) {
	actual := realPath(abs)
	dir, found, err := locateBehind(filepath.Dir(abs), filepath.Dir(actual))
	if dir == filepath.Dir(abs) {
		return abs, found, err
	}
	return actual, found, err
}

// locateDir is locateFile for a folder.
func locateDir(abs string) (string, place, error) { return locateBehind(abs, realPath(abs)) }

// locateBehind chooses between a folder and where it really lies. What lies in no
// project there stays in that of the link.
func locateBehind(dir, actual string) (string, place, error) {
	found, err := locate(dir)
	if err != nil || actual == dir {
		return dir, found, err
	}
	behind, err := locate(actual)
	if err != nil {
		return dir, place{}, err
	}
	if behind.root() == "" || behind.root() == realPath(found.root()) && (behind.policy == "") == (found.policy == "") {
		return dir, found, nil
	}
	return actual, behind, nil
}

// realPath is a path without symbolic links, as far as it exists.
func realPath(path string) string {
	if path == "" {
		return ""
	}
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

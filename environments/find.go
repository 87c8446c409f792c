package environments

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// place is what a walk up the directory tree meets.
type place struct {
	policy  string // path of the .sops.yaml, "" if there is none
	ignored string // path of the first .sops.yml met before it
	git     string // root of the repository, "" if the walk met none
}

// locate walks up from dir to the first .sops.yaml. It does not leave a git
// repository: a policy outside would hand the repository's secrets to people
// that its history does not name.
func locate(dir string) (place, error) {
	var found place
	for {
		if ok, err := exists(filepath.Join(dir, PolicyName)); err != nil {
			return place{}, err
		} else if ok {
			found.policy = filepath.Join(dir, PolicyName)
			return found, nil
		}
		if found.ignored == "" {
			misnamed := filepath.Join(dir, policyMisname)
			if ok, err := exists(misnamed); err != nil {
				return place{}, err
			} else if ok {
				found.ignored = misnamed
			}
		}
		if ok, err := exists(filepath.Join(dir, ".git")); err != nil {
			return place{}, err
		} else if ok {
			found.git = dir
			return found, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return found, nil
		}
		dir = parent
	}
}

// root is the folder of the policy, else the root of the repository, "" without either.
func (found place) root() string {
	if found.policy != "" {
		return filepath.Dir(found.policy)
	}
	return found.git
}

// exists does not follow a symlink: a policy whose link is broken must be an
// error for its reader, not a reason to obey the next one above.
func exists(path string) (bool, error) {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, fmt.Errorf("look for policy: %w", err)
	}
}

// FindPolicy reads the policy that governs a file: the nearest .sops.yaml from
// the file's folder upward, within the git repository if it lies in one. The
// file, and its folder, need not exist. (sops starts at the working directory.)
// Behind symbolic links, the folder is that in which the file really lies, if a
// policy or a repository is around it.
//
// The error wraps [ErrNoPolicy] if there is none, and then [ErrPolicyName] too
// if a .sops.yml was met, or [ErrOutside] if there is one beyond the repository. A
// .sops.yaml that may not be obeyed is an error that wraps ErrOutside alone, or
// [ErrForeign]: the file is not treated as one without a policy.
func FindPolicy(file string) (*Policy, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("locate %s: %w", file, err)
	}
	path, found, err := locateFile(abs)
	if err != nil {
		return nil, err
	}
	if found.policy == "" {
		return nil, found.missing(filepath.Dir(path))
	}
	if err := trusted(found.policy); err != nil {
		return nil, err
	}
	p, err := ReadPolicy(found.policy)
	if err != nil {
		return nil, err
	}
	p.Ignored = found.ignored
	return p, nil
}

// missing says where a policy was looked for in vain.
func (found place) missing(dir string) error {
	up := " or above"
	switch found.git {
	case "":
	case dir:
		up = ""
	default:
		up = " or above, up to the root of the repository " + found.git
	}
	if found.ignored != "" {
		return fmt.Errorf("%w in %s%s: %w, and %s is not", ErrNoPolicy, dir, up, ErrPolicyName, found.ignored)
	}
	if beyond := found.beyond(); beyond != "" {
		return fmt.Errorf("%w in %s%s; %s %w and is not obeyed", ErrNoPolicy, dir, up, beyond, ErrOutside)
	}
	return fmt.Errorf("%w in %s%s", ErrNoPolicy, dir, up)
}

// beyond is the nearest policy outside of the repository, "" if there is none.
func (found place) beyond() string {
	for dir := found.git; dir != filepath.Dir(dir) && dir != ""; {
		dir = filepath.Dir(dir)
		if ok, err := exists(filepath.Join(dir, PolicyName)); ok && err == nil {
			return filepath.Join(dir, PolicyName)
		}
	}
	return ""
}

// ReadPolicy reads the policy at path, whatever its name is. See [ParsePolicy].
func ReadPolicy(path string) (*Policy, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return ParsePolicy(path, src)
}

// FindPolicyIn is [FindPolicy] for a file system such as an embed.FS: the nearest
// .sops.yaml from the folder dir upward, to the root of fsys.
func FindPolicyIn(fsys fs.FS, dir string) (*Policy, error) {
	if !fs.ValidPath(path.Clean(dir)) {
		return nil, fmt.Errorf("look for policy: %w", &fs.PathError{Op: "open", Path: dir, Err: fs.ErrInvalid})
	}
	for at := path.Clean(dir); ; at = path.Dir(at) {
		name := path.Join(at, PolicyName)
		src, err := fs.ReadFile(fsys, name)
		switch {
		case err == nil:
			return ParsePolicy(name, src)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read policy: %w", err)
		case at == ".":
			return nil, fmt.Errorf("%w in %s or above", ErrNoPolicy, dir)
		}
	}
}

package environments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/sealcfg/sealcfg/internal/bounded"
	"github.com/sealcfg/sealcfg/internal/regular"
)

// FindPolicy reads the policy that applies to a file: the nearest .sops.yaml from
// the file's directory upwards, within the git repository if the file is in one.
// The file and its directory need not exist. (sops starts at the working
// directory.) If symbolic links lead to the file, the search starts at the real
// directory, if there is a policy or a repository around it. To find the policies
// of many files, use a [Finder].
//
// Without a policy, the error wraps [ErrNoPolicy]. It also wraps [ErrPolicyName] if
// there is a .sops.yml, or [ErrOutside] if there is a policy outside the
// repository. An untrusted .sops.yaml is an error that wraps only ErrOutside or
// [ErrForeign]; the file is not treated as a file without a policy.
func FindPolicy(file string) (*Policy, error) { return new(Finder).Policy(file) }

// missing returns the error for a directory without a policy.
func (p project) missing(dir string) error {
	up := " or above"
	switch {
	case p.repository == nil:
	case p.repository.path == dir:
		up = ""
	default:
		up = " or above, up to the root of the repository " + p.repository.path
	}
	if p.ignored != "" {
		return fmt.Errorf("%w in %s%s: %w, and %s is not", ErrNoPolicy, dir, up, ErrPolicyName, p.ignored)
	}
	if beyond := p.beyond(); beyond != "" {
		return fmt.Errorf("%w in %s%s; %s %w and is ignored", ErrNoPolicy, dir, up, beyond, ErrOutside)
	}
	return fmt.Errorf("%w in %s%s", ErrNoPolicy, dir, up)
}

// beyond returns the nearest policy outside the repository, or "".
func (p project) beyond() string {
	if p.repository == nil {
		return ""
	}
	for d := p.repository.parent; d != nil && d.err == nil; d = d.parent {
		if d.policy {
			return d.join(PolicyName)
		}
	}
	return ""
}

// readPolicy reads a policy that a search has found.
func readPolicy(path string) (*Policy, error) {
	src, err := regular.Read(path, maxPolicy)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return ParsePolicy(path, src)
}

// ReadPolicy reads the policy at path, which may have any name and may be a pipe. The
// end of ctx ends the wait for a pipe. See [ParsePolicy].
func ReadPolicy(ctx context.Context, path string) (*Policy, error) {
	src, err := bounded.Any(ctx, func() (*os.File, error) { return os.Open(path) }, maxPolicy)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return ParsePolicy(path, src)
}

// FindPolicyIn is [FindPolicy] for a file system such as an embed.FS: it reads the
// nearest .sops.yaml from the directory dir upwards, to the root of fsys.
func FindPolicyIn(fsys fs.FS, dir string) (*Policy, error) {
	if !fs.ValidPath(path.Clean(dir)) {
		return nil, fmt.Errorf("look for policy: %w", &fs.PathError{Op: "open", Path: dir, Err: fs.ErrInvalid})
	}
	for at := path.Clean(dir); ; at = path.Dir(at) {
		name := path.Join(at, PolicyName)
		src, err := regular.ReadIn(fsys, name, maxPolicy)
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

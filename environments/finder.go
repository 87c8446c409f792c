package environments

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// A Finder finds the policy, the project config and the location of a file. It
// examines each directory once, and reads each .sops.yaml and sealcfg.yaml once, so
// use one Finder for one run and not for longer. The zero Finder is ready for use.
// It is safe for concurrent use.
type Finder struct {
	mu          sync.Mutex
	directories map[string]*directory
	real        map[string]string // directories without symbolic links
	policies    map[string]func() (*Policy, error)
	configs     map[string]func() (*ConfigFile, error)
}

// A directory is one step on the way from a file to the root of the disk.
type directory struct {
	path   string
	parent *directory // nil at the root of the disk
	err    error      // the reason why the entries could not be read

	policy, policyMisname bool // it has a .sops.yaml, a .sops.yml
	config, configMisname bool // it has a sealcfg.yaml, a sealcfg.yml
	repository            bool // it is the root of a git repository

	trust func() error // of its .sops.yaml
}

// directory returns the directory at an absolute path, which need not exist.
func (f *Finder) directory(path string) *directory {
	if d := f.directories[path]; d != nil {
		return d
	}
	d := &directory{path: path}
	if parent := filepath.Dir(path); parent != path {
		d.parent = f.directory(parent)
	}
	d.trust = sync.OnceValue(func() error { return trusted(d.join(PolicyName), d) })
	d.look()
	if f.directories == nil {
		f.directories = map[string]*directory{}
	}
	f.directories[path] = d
	return d
}

// look fills in the entries of d.
func (d *directory) look() {
	for _, entry := range []struct {
		name  string
		found *bool
	}{
		{PolicyName, &d.policy}, {policyMisname, &d.policyMisname},
		{ConfigName, &d.config}, {configMisname, &d.configMisname},
	} {
		if *entry.found, d.err = exists(d.join(entry.name)); d.err != nil {
			return
		}
	}
	d.repository, d.err = isRepository(d.path)
}

func (d *directory) join(name string) string { return filepath.Join(d.path, name) }

// exists does not follow a symbolic link: a policy whose link is broken must be an
// error for its reader, not a reason to use the next one above.
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

// repositoryRoot returns the root of the git repository around d, or nil.
func (d *directory) repositoryRoot() (*directory, error) {
	for ; d != nil; d = d.parent {
		if d.err != nil || d.repository {
			return d, d.err
		}
	}
	return nil, nil
}

// A project holds the first results of the walk upwards from a directory: a
// .sops.yaml or the root of a git repository.
type project struct {
	policy     *directory // with the .sops.yaml, or nil
	ignored    string     // path of the first .sops.yml below it, or ""
	repository *directory // root of the repository that ended the search, or nil
}

// project walks up from d to the first .sops.yaml. It does not leave a git
// repository: a policy outside could encrypt the repository's secrets for
// recipients that the repository's history does not show.
func (d *directory) project() (project, error) {
	var found project
	for ; d != nil; d = d.parent {
		switch {
		case d.err != nil:
			return project{}, d.err
		case d.policy:
			found.policy = d
			return found, nil
		case d.policyMisname && found.ignored == "":
			found.ignored = d.join(policyMisname)
		}
		if d.repository {
			found.repository = d
			return found, nil
		}
	}
	return found, nil
}

// root returns the directory of the policy, or the root of the repository if there
// is no policy, or "" without either.
func (p project) root() string {
	switch {
	case p.policy != nil:
		return p.policy.path
	case p.repository != nil:
		return p.repository.path
	}
	return ""
}

// Policy reads the policy that applies to a file. See [FindPolicy].
func (f *Finder) Policy(file string) (*Policy, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, _, err := f.policy(file)
	return p, err
}

// Rule reads the policy that applies to a file and returns the creation rule in it.
// It returns the errors of [FindPolicy] and [Policy.RuleFor]. If the policy has no rule
// for the file, it returns the policy with the error.
func (f *Finder) Rule(file string) (*Policy, *Rule, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, path, err := f.policy(file)
	if err != nil {
		return nil, nil, err
	}
	rule, err := p.ruleFor(path)
	return p, rule, err
}

// policy returns the policy for a file and the path by which its rules match it.
func (f *Finder) policy(file string) (*Policy, string, error) {
	path, found, err := f.locate(file)
	if err != nil {
		return nil, "", err
	}
	if found.policy == nil {
		return nil, "", found.missing(filepath.Dir(path))
	}
	p, err := f.policyIn(found.policy)
	if err != nil {
		return nil, "", err
	}
	if found.ignored != "" {
		with := *p
		with.Ignored = found.ignored
		p = &with
	}
	return p, path, nil
}

// policyIn reads the .sops.yaml of a directory, if it can be trusted.
func (f *Finder) policyIn(d *directory) (*Policy, error) {
	path := d.join(PolicyName)
	read := f.policies[path]
	if read == nil {
		read = sync.OnceValues(func() (*Policy, error) {
			if err := d.trust(); err != nil {
				return nil, err
			}
			return readPolicy(path)
		})
		if f.policies == nil {
			f.policies = map[string]func() (*Policy, error){}
		}
		f.policies[path] = read
	}
	return read()
}

package sopscli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/gitrun"
)

// checkLocation compares the location in a file's binding with the file's actual
// location. A difference is an error where a binding is required, and a warning
// otherwise. Tools decrypt copies, so files that git ignores and temporary files may be
// bound to any location.
func (f *inputFile) checkLocation(ctx context.Context, r *invocation, o *envfile.Opened) error {
	if f.stdin || f.stream || o.Location() == "" {
		return nil
	}
	location, err := r.Finder.Location(f.path)
	if err != nil || location.Fits(o.Location()) {
		return err
	}
	config, err := r.Finder.Config(f.path)
	if err != nil {
		return err
	}
	if r.isTemporary(ctx, f.path) {
		return nil
	}
	if state, err := r.Git.State(ctx, f.path); err == nil && state == gitrun.Ignored {
		return nil
	}
	found := fmt.Sprintf("encrypted as %s, but used as %s", cli.CleanName(o.Location()), cli.CleanName(location.String()))
	name := cli.Shown(f.path) // not --filename-override
	hint := cli.RelocatedHint(func() (environments.Location, error) { return location, nil }, cli.ShellWord(name), o.Location(), "git log -p -- "+cli.ShellWord(name))
	if !config.RequiresBinding(f.path) {
		r.Warn("%s: %s\n%s", name, found, hint)
		return nil
	}
	return cli.WithHint(fmt.Errorf("%s: %w", name, &envfile.BindingError{
		Tampered: envfile.BindingLocation, Reason: found, Sealed: o.Location(), Found: location.String(),
	}), "%s", hint)
}

// setLocation binds a file that is encrypted in place to its location if a binding is
// required there: other commands and programs would reject it without a location. In
// other cases, the file gets no location, because it may be used anywhere.
func (f *inputFile) setLocation(ctx context.Context, r *invocation) error {
	if !r.on("in-place") || f.path == "" || f.path != f.Target.Path || r.isTemporary(ctx, f.path) {
		return nil
	}
	config, err := r.Finder.Config(f.path)
	if err != nil {
		return err
	}
	f.Unplaced = !config.RequiresBinding(f.path)
	return nil
}

// isTemporary reports whether a file is in the temporary directory ($TMPDIR or the
// system's) and its project is not.
func (r *invocation) isTemporary(ctx context.Context, path string) bool {
	tmp := os.TempDir()
	if !isBelow(path, tmp) {
		return false
	}
	root, err := r.Git.Root(ctx, filepath.Dir(path))
	if err != nil {
		policy, err := r.Finder.Policy(path)
		if err != nil {
			return true // no project
		}
		root = filepath.Dir(policy.Path)
	}
	return !isBelow(root, tmp)
}

// isBelow reports whether a path is below a directory, after resolving symbolic links.
func isBelow(path, dir string) bool {
	for _, p := range []*string{&path, &dir} {
		if actual, err := filepath.EvalSymlinks(*p); err == nil {
			*p = actual
		}
	}
	return path != dir && cli.Below(path, dir)
}

package sopscli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/scratch"
)

// An inputFile is the file that a run of the shim reads or changes.
type inputFile struct {
	*cli.Target
	stdin  bool           // no file was named: the text comes from stdin
	stream bool           // the name refers to an open file, such as /dev/stdin
	to     envfile.Format // from --output-type or, without it, the target's format
	follow bool           // there is no --output-type
	path   string         // where the text is; target.path may be --filename-override
}

// setNamedPolicy sets namedPolicy, which stops waiting for a pipe when ctx ends.
func (r *invocation) setNamedPolicy(ctx context.Context) {
	r.namedPolicy = sync.OnceValues(func() (*environments.Policy, error) {
		return environments.ReadPolicy(ctx, r.str("config"))
	})
}

// untilSignal returns a context that a signal ends.
func (r *invocation) untilSignal(ctx context.Context) context.Context {
	ctx, stop := signal.NotifyContext(ctx, scratch.Signals()...)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	r.Interrupted = func() bool { return ctx.Err() != nil }
	r.setNamedPolicy(ctx)
	return ctx
}

// oneFile handles the arguments after the file, which sops ignores. For a command that
// only reads, it warns. For other commands, it returns an error.
func (r *invocation) oneFile() error {
	more := 0 // further files
	for i := 1; i < len(r.rest); i++ {
		arg := r.rest[i]
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			more++
			continue
		}
		written, _, hasValue := strings.Cut(arg, "=")
		name := strings.TrimLeft(written, "-")
		if f := findFlag(name); f != nil {
			name = f.name
			if f.kind != boolFlag && !hasValue {
				i++
			}
		}
		err := cli.WithHint(fmt.Errorf("%s comes after the file, where flags are not read", written), "write the flags before the file: %s", orderedCall(r.name, r.args, r.inOrder(written)))
		if err := r.ignore(r.name, name, err); err != nil {
			return err
		}
	}
	if more > 0 {
		err := fmt.Errorf("expected one file, got %d", 1+more)
		switch guess, ok := closest.Of(r.rest[0], commandNames()); {
		case r.name == "decrypt", r.name == "filestatus":
			r.Warn("%v: reading only the first, as sops does", err)
		case ok && r.name == "edit":
			return cli.WithHint(err, "did you mean the command %s?", guess)
		default:
			return cli.WithHint(err, "run the command once for each file")
		}
	}
	r.rest = r.rest[:min(len(r.rest), 1)]
	return nil
}

// inOrder returns an example of the command line with a flag before the file.
func (r *invocation) inOrder(flag string) string {
	if r.legacy && r.name != "edit" && r.name != "set" {
		return fmt.Sprintf("%s --%s %s ... %s", programName(), r.name, flag, cli.ShellWord(r.rest[0]))
	}
	return fmt.Sprintf("%s %s %s ... %s", programName(), r.name, flag, cli.ShellWord(r.rest[0]))
}

// file returns the file on the command line. missing is the exit code if the file does
// not exist, or 0 if it need not exist.
func (r *invocation) file(missing int) (*inputFile, error) {
	f := &inputFile{stdin: len(r.rest) == 0 || r.rest[0] == "-"}
	name := r.str("filename-override")
	if !f.stdin {
		abs, err := filepath.Abs(r.rest[0])
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(abs); errors.Is(err, fs.ErrNotExist) && missing != 0 {
			err := errorf(missing, "cannot operate on non-existent file %q: %w", r.rest[0], fs.ErrNotExist)
			if missing == codeNoRead {
				err = prefixed{err, "Error reading file: "}
			}
			return nil, err
		}
		f.path = abs
		if name == "" {
			name = abs
		}
	}
	if path := r.str("config"); path != "" { // even if the command does not use it
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("could not read config file: %w", err)
		}
	}
	if f.stdin && r.on("in-place") {
		return nil, errorf(codeConflict, "cannot use --in-place when reading from stdin")
	}
	if r.on("in-place") && r.str("output") != "" {
		return nil, errorf(codeConflict, "cannot operate on both --output and --in-place")
	}
	shownName := "stdin"
	if name == "" {
		name = "/dev/stdin" // a name without an extension
	} else {
		abs, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		name, shownName = abs, cli.Shown(abs)
	}
	f.Target = r.TargetOf(environments.Environment{Name: shownName, Path: name, Exists: true})
	f.Name, f.Unplaced = shownName, true
	f.KeepRules = true // as sops does; checkPolicy reports a difference, and guard protects the values
	if r.log != nil {
		f.Target.Log = r.log
	}
	f.Check = func(ctx context.Context, o *envfile.Opened) error { return f.checkLocation(ctx, r, o) }
	f.Format, f.Detect = r.sopsFormat("input-type", name)
	f.Target.FindRule = func() (*environments.Policy, *environments.Rule, error) { return r.policyFor(name) }
	if f.stream = cli.IsStream(name); f.stream {
		f.Target.Path = "" // the file that it is redirected from does not matter
		f.Target.FindRule = func() (*environments.Policy, *environments.Rule, error) { return r.policyForStream(name) }
	}
	f.to, f.follow = r.sopsFormat("output-type", name)
	return f, nil
}

// sopsFormat returns the format that a flag names. Without the flag, it returns the
// format that sops derives from the file name, and byName is true.
func (r *invocation) sopsFormat(flag, path string) (f envfile.Format, byName bool) {
	if f, ok := envfile.FormatNamed(r.str(flag)); ok {
		return f, false
	}
	return envfile.SopsFormatOf(path), true
}

// detectFormat sets the format of an encrypted file from its contents, unless
// --input-type names a format. sops requires the flag if the name has no known extension.
func (f *inputFile) detectFormat(text []byte) {
	in, encrypted := envfile.Detect(f.Target.Path, text)
	if !f.Detect || !encrypted {
		return
	}
	if f.Format = in; f.follow {
		f.to = in
	}
}

// sameType rejects an --output-type that differs from the format of a file that is
// changed in place.
func (f *inputFile) sameType() error {
	if f.to.Name() == f.Format.Name() {
		return nil
	}
	err := fmt.Errorf("%s: --output-type %s: the file is %s and keeps its format", f.Shown, f.to.Name(), f.Format.Name())
	return cli.WithHint(err, "leave out --output-type; to convert the plaintext, run: %s decrypt --output-type %s %s", programName(), f.to.Name(), cli.ShellWord(f.Shown))
}

func (f *inputFile) text(ctx context.Context, in *os.File) ([]byte, error) {
	if f.stdin {
		text, err := cli.ReadStream(ctx, in)
		return text, withCode(err, codeNoRead)
	}
	text, err := cli.ReadFile(ctx, f.path)
	return text, readError(err, codeNoRead)
}

// readSealed reads and parses an encrypted file.
func (r *invocation) readSealed(ctx context.Context, f *inputFile) (*envfile.Sealed, error) {
	text, err := f.text(ctx, r.Stdin)
	if err != nil {
		return nil, err
	}
	return f.parse(ctx, text)
}

func (f *inputFile) parse(ctx context.Context, text []byte) (*envfile.Sealed, error) {
	f.detectFormat(text)
	s, err := envfile.ParseSealed(f.Format, text)
	if in, encrypted := envfile.Detect("", text); err != nil && encrypted && in.Name() != f.Format.Name() {
		return f.parseAs(in, text, err)
	}
	switch {
	case err != nil && len(text) == 0:
		err = envfile.ErrNotSealed
	case errors.Is(err, envfile.ErrNotSealed):
		if d, perr := envfile.Parse(f.Format, text); perr == nil {
			if lost := f.MissingMetadata(ctx, d); lost != nil {
				return s, f.Damaged(lost)
			}
		}
	}
	return s, f.Damaged(f.At(err))
}

// parseAs parses a file in another format than --input-type. Like sops,
// it accepts JSON for --input-type binary. Otherwise it returns an error with the format.
func (f *inputFile) parseAs(in envfile.Format, text []byte, err error) (*envfile.Sealed, error) {
	if f.Format == envfile.Binary && in == envfile.JSON {
		f.Format = in
		s, err := envfile.ParseSealed(in, text)
		return s, f.At(err)
	}
	return nil, cli.WithHint(f.At(fmt.Errorf("%w (as %s); the file is an encrypted %s file", err, f.Format.Name(), in.Name())),
		"leave out --input-type, or write: --input-type %[1]s --output-type %[1]s", in.Name())
}

// openFile reads and decrypts a file.
func (r *invocation) openFile(ctx context.Context, f *inputFile) (*envfile.Opened, error) {
	s, err := r.readSealed(ctx, f)
	if err != nil {
		return nil, err
	}
	return r.OpenSealed(ctx, f.Target, s)
}

// policyForStream returns the policy and rule for the name of an open file. It searches
// only from the working directory, because the name does not lead to a project.
func (r *invocation) policyForStream(name string) (*environments.Policy, *environments.Rule, error) {
	policy, err := r.policy()
	if err != nil {
		return nil, nil, err
	}
	rule, err := policy.RuleForName(name)
	return policy, rule, noRules(policy, err)
}

// noRules adds errNoCreationRules to the error of a policy without creation rules.
func noRules(policy *environments.Policy, err error) error {
	if errors.Is(err, environments.ErrNoRule) && !policy.HasRules() {
		return cli.Quietly(errNoCreationRules, err)
	}
	return err
}

// policyFor returns the policy and rule for a file. The policy is, in this order:
//
//   - the file at --config or $SOPS_CONFIG;
//   - the nearest .sops.yaml from the working directory upwards, as in sops, if it has a
//     rule for the file and is in the file's git repository;
//   - the nearest .sops.yaml from the file upwards, so that the protection of a file does
//     not depend on the working directory.
func (r *invocation) policyFor(path string) (*environments.Policy, *environments.Rule, error) {
	policy, err := r.policy()
	named := r.str("config") != ""
	if err == nil && !named {
		err = policy.ErrIfOutside(path)
	}
	if errors.Is(err, environments.ErrNoPolicy) {
		outside := err
		policy, err = r.Finder.Policy(path)
		if errors.Is(err, environments.ErrNoPolicy) && errors.Is(outside, environments.ErrOutside) {
			err = outside
		}
	}
	if err != nil {
		return nil, nil, err
	}
	rule, err := policy.RuleFor(path)
	if errors.Is(err, environments.ErrNoRule) && !named {
		if own, ownErr := r.Finder.Policy(path); ownErr == nil && own.Path != policy.Path {
			policy = own
			rule, err = policy.RuleFor(path)
		}
	}
	return policy, rule, noRules(policy, err)
}

func (r *invocation) policy() (*environments.Policy, error) {
	if r.str("config") != "" {
		return r.namedPolicy()
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return r.Finder.Policy(filepath.Join(dir, environments.PolicyName))
}

// write writes a result to stdout, to --output or, with --in-place, to the file. With
// --in-place, it fails if the file no longer contains old. private marks plaintext.
func (r *invocation) write(ctx context.Context, f *inputFile, result, old []byte, private bool) error {
	mode := fs.FileMode(0o644)
	if private {
		mode = 0o600
	}
	path := r.str("output")
	opt := atomicfile.Options{Mode: mode, InPlace: r.WithoutCopy(path)}
	switch {
	case r.on("in-place"):
		kept := result
		if private {
			kept = old // the encrypted text
		}
		path, opt.IfUnchanged, opt.InPlace = f.path, old, r.InPlace(ctx, f.path, kept)
	case path == "" || path == "-":
		_, err := r.Stdout.Write(result)
		return withCode(err, codeNoWrite)
	}
	var err error
	if info, serr := os.Stat(path); serr == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = writeThrough(ctx, path, result) // /dev/stdout, a pipe
	} else {
		err = cli.MarkDamaged(path, atomicfile.Write(ctx, path, result, opt))
	}
	if err == nil && r.on("in-place") {
		r.log.info("CMD", fileWritten)
	}
	return r.writeError(err)
}

// fileWritten is sops's message after it has changed a file.
const fileWritten = "File written successfully"

// writeError adds sops's text and exit code to the error of a write.
func (r *invocation) writeError(err error) error {
	if err == nil || errors.Is(err, atomicfile.ErrChanged) || errors.Is(err, atomicfile.ErrExists) {
		return withCode(err, codeNoWrite)
	}
	which := "output"
	if r.str("output") == "" {
		which = "in-place"
	}
	return withCode(prefixed{err, "Could not open " + which + " file for writing: "}, codeNoWrite)
}

// writeThrough writes to a pipe or a device. A pipe blocks until its reader has opened
// and read it; the end of ctx ends the wait.
func writeThrough(ctx context.Context, path string, text []byte) error {
	done := make(chan error, 1)
	go func() {
		to, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = to.Write(text)
			err = errors.Join(err, to.Close())
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// saveChanged replaces the contents of a file, which must still be old.
func (r *invocation) saveChanged(ctx context.Context, f *inputFile, s *envfile.Sealed, old []byte) error {
	err := cli.MarkDamaged(f.path, atomicfile.Write(ctx, f.path, s.Bytes(), atomicfile.Options{IfUnchanged: old, InPlace: r.InPlace(ctx, f.path, s.Bytes())}))
	if err == nil {
		r.log.info("CMD", fileWritten)
	}
	return r.writeError(err)
}

package sopscli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
)

// ignoreMAC decrypts a file whose MAC does not match. cause is the error that reports
// the mismatch. No other code prints values that the MAC does not authenticate. It
// warns, and rejects a file that has a binding or requires one.
func (r *invocation) ignoreMAC(ctx context.Context, f *inputFile, s *envfile.Sealed, cause error) (decrypted, error) {
	if !errors.Is(cause, envfile.ErrMAC) {
		return nil, cause
	}
	if r.on("in-place") {
		return nil, cli.WithHint(fmt.Errorf("%w; --ignore-mac only reads: it does not replace the encrypted file", cause),
			"write the plaintext to another file: %s decrypt --ignore-mac --output PLAINTEXT %s", programName(), cli.ShellWord(f.Shown))
	}
	ids, err := r.IdentitiesFor(ctx, f.Target)
	if err != nil {
		return nil, err
	}
	if s, err = r.Expecting(f.Target, s); err != nil {
		return nil, err
	}
	u, err := s.OpenUnverified(ctx, ids...)
	var unbound *envfile.BindingError
	switch {
	case errors.Is(err, envfile.ErrBound), errors.As(err, &unbound):
		return nil, cli.WithHint(fmt.Errorf("%w; --ignore-mac does not apply: %w", cause, err), "find the change: git log -p -- %s", cli.ShellWord(f.Shown))
	case err != nil:
		return nil, f.At(err)
	}
	f.warnUnverified(r, u)
	return u, nil
}

func (f *inputFile) warnUnverified(r *invocation, u *envfile.Unverified) {
	r.Warn("%s: NOT VERIFIED: the MAC does not match, and --ignore-mac was given\n"+
		"entries may have been added, removed or reordered, and unencrypted values and comments changed, by anyone with write access", f.Shown)
	if strays := u.Strays(); len(strays) > 0 {
		var at []string
		for _, p := range strays {
			at = append(at, fmt.Sprintf("%s (line %d)", cli.CleanName(p.Path), p.Line))
		}
		r.Warn("%s: decrypted %s at positions that its rules leave unencrypted: %s", f.Shown, cli.Count(len(strays), "value", "values"), strings.Join(at, ", "))
	}
}

// noIgnoreMAC rejects --ignore-mac for commands that change a file: the change would
// give unverified values a valid MAC.
func (r *invocation) noIgnoreMAC() error {
	if !r.on("ignore-mac") || r.name == "decrypt" || r.name == "encrypt" {
		return nil
	}
	err := fmt.Errorf("--ignore-mac only reads: %s would give a valid MAC to unverified values", r.name)
	file := "FILE"
	if len(r.rest) > 0 {
		file = cli.ShellWord(r.rest[0])
	}
	return cli.WithHint(err, "print the values: %s decrypt --ignore-mac %s", programName(), file)
}

// macHint returns the hint for a file that fails authentication, or "" if another hint
// is better.
func (r *invocation) macHint(err error) string {
	if errors.Is(err, envfile.ErrSeveralFiles) {
		return cli.SeveralFilesHint
	}
	var binding *envfile.BindingError
	if !errors.Is(err, envfile.ErrIntegrity) || errors.As(err, &binding) || len(r.rest) == 0 || r.rest[0] == "-" || cli.IsStream(r.rest[0]) {
		return ""
	}
	if !errors.Is(err, envfile.ErrMAC) { // a value is broken
		return fmt.Sprintf("the file was edited without its key, or a merge mixed two versions; find the change: git log -p -- %[1]s\n"+
			"to list the recoverable values and accept the file, run: sealcfg rekey --accept-mac %[1]s", cli.ShellWord(r.rest[0]))
	}
	if r.on("ignore-mac") {
		return ""
	}
	return fmt.Sprintf("the file was edited without its key, a merge mixed two versions, or sops wrote it with a selector by comments; find the change: git log -p -- %[1]s\n"+
		"to print the values that authenticate one by one, run: %[2]s decrypt --ignore-mac %[1]s\n"+
		"to accept the file, run: sealcfg rekey --accept-mac %[1]s", cli.ShellWord(r.rest[0]), programName())
}

package sopscli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// errNoCreationRules marks the error of a policy without creation_rules.
var errNoCreationRules = errors.New("no creation rules")

// end prints an error and returns the exit code.
func (r *invocation) end(err error) int {
	code := exitCode(err)
	var child childExit
	if err == nil || errors.As(err, &child) {
		r.WarnOfBroken(nil)
		return code
	}
	if code == codeUnchanged { // sops does not print "error:" either
		fmt.Fprintln(r.Stderr, err)
		return code
	}
	if h := r.hint(err); h != "" && !cli.HasHint(err) {
		err = cli.WithHint(err, "%s", h)
	}
	if text := sopsText(err, code); text != "" {
		err = prefixed{err, text}
	}
	r.Report(err)
	return code
}

// hint returns the shim's hint for an error, or "" for the same hint as in sealcfg.
func (r *invocation) hint(err error) string {
	if len(r.rest) == 0 {
		return ""
	}
	file := cli.ShellWord(r.rest[0])
	switch {
	case errors.Is(err, envfile.ErrNotSealed):
		return fmt.Sprintf("to encrypt it, run: %s encrypt --in-place %s", programName(), file)
	case errors.Is(err, envfile.ErrAlreadySealed):
		return fmt.Sprintf("to change it, run: %[1]s edit %[2]s\nto change its recipients, run: %[1]s updatekeys %[2]s", programName(), file)
	case (errors.Is(err, environments.ErrNoPolicy) || errors.Is(err, errNoCreationRules)) && (r.name == "encrypt" || r.name == "edit"):
		return fmt.Sprintf("add a creation rule to .sops.yaml, set $SOPS_AGE_RECIPIENTS, or run: %s %s --age RECIPIENT %s", programName(), r.name, file)
	}
	return r.macHint(err)
}

// programName returns the command that runs the shim, for hints.
func programName() string {
	if Called(os.Args[0]) {
		return "sops"
	}
	return "sealcfg sops"
}

// A prefixed error starts with sops's text for the same failure.
type prefixed struct {
	error
	prefix string
}

func (p prefixed) Error() string { return p.prefix + p.error.Error() }
func (p prefixed) Unwrap() error { return p.error }

// sopsText returns sops's text for an error, or "" if no tool is known to match it.
// Tools match these strings on stderr.
func sopsText(err error, code int) string {
	switch {
	case errors.Is(err, keys.ErrNoIdentity):
		return noDataKeyText(err)
	case errors.Is(err, envfile.ErrAlreadySealed):
		return "The file you have provided contains a top-level entry called 'sops', or for\n" +
			"flat file formats top-level entries starting with 'sops_'. This is\n" +
			"generally due to the file already being encrypted.\n"
	case errors.Is(err, envfile.ErrNotSealed):
		return "sops metadata not found: "
	case errors.Is(err, errNoCreationRules), errors.Is(err, environments.ErrNoPolicy):
		return "config file not found, or has no creation rules, and no keys provided through command line options: "
	case errors.Is(err, environments.ErrNoRule):
		return "error loading config: no matching creation rules found: "
	case errors.Is(err, envfile.ErrNoRecipients):
		return "Could not generate data key: [empty key group provided]: "
	case errors.Is(err, envfile.ErrMAC):
		return "MAC mismatch: "
	}
	switch code {
	case codeNoDecrypt:
		return "Error decrypting tree: "
	case codeNoEncrypt:
		return "Error encrypting tree: "
	case codeNoDump:
		return "Error dumping file: "
	case codeNoEditor:
		return "Could not run editor: "
	}
	return ""
}

// noDataKeyText returns sops's text for a file that no identity can decrypt.
func noDataKeyText(err error) string {
	var b strings.Builder
	b.WriteString("Failed to get the data key required to decrypt the SOPS file.\n")
	var groups *envfile.GroupsError
	var none *keys.NoIdentityError
	switch {
	case errors.As(err, &groups):
		fmt.Fprintf(&b, "Error getting data key: %d successful groups required, got %d\n", groups.Needed, groups.Opened)
	case errors.As(err, &none):
		b.WriteString("Error getting data key: 0 successful groups required, got 0\nGroup 0: FAILED\n")
		for _, recipient := range none.Recipients {
			fmt.Fprintf(&b, "  %s: FAILED\n    - | %s\n", recipient, noKeyReason(none))
		}
	default: // the identities could not be read
		b.WriteString("Error getting data key: 0 successful groups required, got 0\n")
	}
	return b.String()
}

// noKeyReason returns the error of package age for an identity that does not match.
func noKeyReason(none *keys.NoIdentityError) string {
	switch none.Tried {
	case 0:
		return "failed to load age identities"
	case 1:
		return "identity did not match any of the recipients"
	}
	return "no identity matched any of the recipients"
}

// missingComponent returns sops's text for the first part of a path that does not exist.
func missingComponent(root *envfile.Node, path envfile.Path) string {
	for i, step := range path {
		switch {
		case root.At(path[:i+1]) != nil:
		case !step.IsIndex:
			return fmt.Sprintf("component ['%s'] not found", step.Key)
		case root.At(path[:i]).Kind != envfile.List:
			return fmt.Sprintf("component [%d] is integer, but tree part is not a slice", step.Index)
		default:
			return fmt.Sprintf("component [%d] accesses out of bounds", step.Index)
		}
	}
	return ""
}

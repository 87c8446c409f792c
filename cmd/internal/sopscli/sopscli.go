// Package sopscli is the shim: the command line of sops 3.13, for tools that run sops.
// It has sops's exit codes and error strings, and sealcfg's guarantees.
// docs/sops-shim.md lists the differences from sops.
package sopscli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/spf13/cobra"
)

// Called reports whether the program was started through a link named sops.
func Called(argv0 string) bool {
	base := strings.ToLower(filepath.Base(argv0))
	return strings.TrimSuffix(base, ".exe") == "sops"
}

// NewCommand returns the command "sealcfg sops".
func NewCommand(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "sops ...",
		Short: "Run a sops command line",
		Long: `Sops accepts the command line of sops 3.13 and returns its exit codes, for tools that
run sops. A symbolic link named sops that points to sealcfg does the same.

A flag or command that sealcfg does not support is an error that names it.
docs/sops-shim.md lists the differences from sops.`,
		Example: `  sealcfg sops -d secrets.yaml
  sealcfg sops exec-env prod.env 'npm start'
  ln -s "$(command -v sealcfg)" ~/bin/sops`,
		DisableFlagParsing: true,
		// Replaces the root's: exec-env passes signals on, and edit leaves them to the editor.
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		ValidArgsFunction: cobra.FixedCompletions(commandNames(), cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := Run(cmd.Context(), a, args); code != cli.ExitOK {
				return cli.Ended(code)
			}
			return nil
		},
	}
}

// An invocation is one run of the shim.
type invocation struct {
	*cli.App
	arguments
	name   string // of the command
	legacy bool   // the command was given as a flag, as in -d
	log    *verboseLog

	// namedPolicy returns the policy at --config or $SOPS_CONFIG. It reads the file only
	// once because it may be a pipe.
	namedPolicy func() (*environments.Policy, error)
}

// A commandSpec is a command of sops.
type commandSpec struct {
	name           string
	flags          string // the long names of its flags, without those in globalOnly
	reject         string // why the command is not supported, "" if it is
	usage          string
	short          string
	handlesSignals bool // the command handles signals itself
	run            func(*invocation, context.Context) error
}

const (
	keyserviceFlags = " enable-local-keyservice keyservice "
	typeFlags       = " input-type output-type "
	selectorFlags   = " unencrypted-suffix encrypted-suffix unencrypted-regex encrypted-regex "
	// globalOnly are the flags that sops reads before a command and applies to it.
	globalOnly = " config indent verbose mac-only-encrypted unencrypted-comment-regex encrypted-comment-regex disable-version-check version help check-for-updates "
)

// givenFlags returns the flags with the keys and the key groups of a new file.
func givenFlags() string {
	return keyFlagNames("") + "aws-profile encryption-context shamir-secret-sharing-threshold "
}

// changeFlags returns the flags that add and remove keys.
func changeFlags() string { return keyFlagNames("add-") + keyFlagNames("rm-") }

func editFlags() string {
	return givenFlags() + typeFlags + selectorFlags + "show-master-keys ignore-mac decryption-order" + keyserviceFlags
}

// globalFlags returns the flags that sops reads without a command.
func globalFlags() string {
	return globalOnly + editFlags() + changeFlags() + "decrypt encrypt rotate set in-place output extract filename-override"
}

func commandSpecs() []*commandSpec {
	const local = "sealcfg does not upload files or run servers"
	return []*commandSpec{
		{name: "decrypt", usage: "[FILE]", short: "print the plaintext of a file", run: (*invocation).decrypt,
			flags: "in-place extract output ignore-mac filename-override decryption-order" + typeFlags + keyserviceFlags},
		{name: "encrypt", usage: "[FILE]", short: "encrypt a file", run: (*invocation).encrypt,
			flags: "in-place output filename-override" + givenFlags() + typeFlags + selectorFlags + keyserviceFlags},
		{name: "edit", usage: "FILE", short: "change a file in an editor", run: (*invocation).edit, handlesSignals: true, flags: editFlags()},
		{name: "set", usage: "FILE INDEX [JSON]", short: "set a value", run: (*invocation).set,
			flags: "value-file value-stdin shamir-secret-sharing-threshold ignore-mac decryption-order idempotent" + typeFlags + keyserviceFlags},
		{name: "unset", usage: "FILE INDEX", short: "remove a value", run: (*invocation).unset,
			flags: "shamir-secret-sharing-threshold ignore-mac decryption-order idempotent" + typeFlags + keyserviceFlags},
		{name: "rotate", usage: "FILE", short: "encrypt a file again with a new data key", run: (*invocation).rotate,
			flags: "in-place output filename-override encryption-context decryption-order" + typeFlags + changeFlags() + keyserviceFlags},
		{name: "updatekeys", usage: "FILE...", short: "wrap the data key for the recipients in .sops.yaml", run: (*invocation).updateKeys,
			flags: "yes input-type" + keyserviceFlags},
		{name: "filestatus", usage: "FILE", short: `print {"encrypted":true}`, run: (*invocation).fileStatus, flags: "input-type"},
		{name: "exec-env", usage: "FILE COMMAND", short: "run a command with the values in its environment", run: (*invocation).execEnv, handlesSignals: true,
			flags: "background pristine user same-process decryption-order" + keyserviceFlags},
		{name: "exec-file", usage: "FILE COMMAND", short: "run a command with the path of the plaintext as {}", run: (*invocation).execFile, handlesSignals: true,
			flags: "background no-fifo user filename decryption-order" + typeFlags + keyserviceFlags},
		{name: "publish", reject: local, flags: "yes omit-extensions recursive verbose decryption-order" + keyserviceFlags},
		{name: "keyservice", reject: local, flags: "network address prompt verbose"},
		{name: "groups", reject: "write key_groups in .sops.yaml, then run: sealcfg rekey"},
		{name: "completion", reject: "sealcfg completion prints the scripts for sealcfg"},
	}
}

func commandNames() []string {
	var names []string
	for _, c := range commandSpecs() {
		names = append(names, c.name)
	}
	return names
}

// Run runs a command line of sops and returns the exit code.
func Run(ctx context.Context, a *cli.App, args []string) int {
	a.WorkDir, _ = os.Getwd()
	r := &invocation{App: a, arguments: arguments{text: map[string]string{}, cli: map[string]bool{}, args: args}}
	ctx = keys.WithSource(ctx, a.WithPrompts(keys.Source{})) // for recipients
	err := r.dispatch(ctx, args)
	return r.end(a.Outcome(err))
}

// dispatch finds the command in args and runs it. The command is the first argument,
// or a flag such as -d in the older form of the command line.
func (r *invocation) dispatch(ctx context.Context, args []string) error {
	known := strings.Fields(globalFlags())
	if err := r.read(args, known, false); err != nil {
		return err
	}
	var cmd *commandSpec
	if len(r.rest) > 0 {
		if r.rest[0] == "help" || r.rest[0] == "h" {
			return r.help()
		}
		i := slices.IndexFunc(commandSpecs(), func(c *commandSpec) bool { return c.name == r.rest[0] })
		if i >= 0 {
			cmd = commandSpecs()[i]
		}
	}
	switch {
	case r.on("help"):
		return r.help()
	case r.on("version"):
		if err := r.check(); err != nil {
			return err
		}
		return r.version()
	case cmd != nil:
		if cmd.reject != "" {
			return fmt.Errorf("sops %s is not supported: %s", cmd.name, cmd.reject)
		}
		if err := r.readCommand(cmd); err != nil {
			return err
		}
		known = append(strings.Fields(cmd.flags), strings.Fields(globalOnly)...)
	default:
		var err error
		if cmd, err = r.legacyCommand(); err != nil {
			return err
		}
	}
	if err := r.fromEnv(known, r.LookupEnv); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	r.log = r.newLog()
	return r.runCommand(ctx, cmd)
}

// readCommand reads the arguments after the name of a command.
func (r *invocation) readCommand(cmd *commandSpec) error {
	for _, name := range slices.Sorted(maps.Keys(r.cli)) {
		if name == cmd.name || slices.Contains(strings.Fields(globalOnly+keyserviceFlags), name) {
			continue
		}
		err := fmt.Errorf("%s comes before the command, where sops does not read it", dashed(name))
		after := orderedCall(cmd.name, r.args, fmt.Sprintf("%s %s %s ... FILE", programName(), cmd.name, dashed(name)))
		if err := r.ignore(cmd.name, name, cli.WithHint(err, "write it after the command: %s", after)); err != nil {
			return err
		}
		delete(r.text, name)
		delete(r.cli, name)
	}
	args := r.rest[1:]
	r.name, r.rest = cmd.name, nil
	return r.read(args, append(strings.Fields(cmd.flags), "help"), true)
}

// ignore handles a flag in a position where sops does not read it. If the
// flag has no effect that matters, the shim warns and goes on, as sops does. It
// returns err if plaintext would be printed instead of written, or if a file
// would be encrypted for other recipients or not be written.
func (r *invocation) ignore(command, flag string, err error) error {
	var ignorable bool
	if slices.Contains([]string{"decrypt", "filestatus", "exec-env", "exec-file"}, command) {
		ignorable = !slices.Contains([]string{"in-place", "output", "extract"}, flag)
	} else {
		ignorable = slices.Contains(strings.Fields(typeFlags+keyserviceFlags+"indent verbose decryption-order ignore-mac disable-version-check extract"), flag)
	}
	if !ignorable {
		return err
	}
	r.Warn("%v: ignored, as in sops", err)
	return nil
}

// legacyCommand returns the command that the flags select, such as decrypt for -d.
func (r *invocation) legacyCommand() (*commandSpec, error) {
	var modes []string
	for _, m := range []string{"decrypt", "encrypt", "rotate"} {
		if r.on(m) {
			modes = append(modes, dashed(m))
		}
	}
	if r.str("set") != "" {
		modes = append(modes, "--set")
	}
	name := "edit"
	switch len(modes) {
	case 0:
	case 1:
		name = modes[0][len("--"):]
	default:
		return nil, errorf(codeConflict, "cannot combine %s", cli.JoinNames(modes))
	}
	if len(r.rest) == 0 {
		return nil, errorf(codeNoFile, "no file specified")
	}
	r.name, r.legacy = name, true
	for _, f := range strings.Fields(changeFlags()) {
		if r.given(f) && name != "rotate" {
			if err := r.ignore(name, f, fmt.Errorf("%s requires --rotate; sops does not read it here", dashed(f))); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case r.given("extract") && name != "decrypt" && name != "encrypt":
		return nil, fmt.Errorf("--extract requires --decrypt")
	case r.given("output") && (name == "edit" || name == "set"):
		return nil, fmt.Errorf("cannot combine --output with %s, which changes the file", name)
	case r.on("in-place") && r.str("output") != "":
		return nil, errorf(codeConflict, "cannot operate on both --output and --in-place")
	}
	i := slices.Index(commandNames(), name)
	return commandSpecs()[i], nil
}

func (r *invocation) runCommand(ctx context.Context, cmd *commandSpec) error {
	if r.on("help") {
		return r.help()
	}
	if err := r.noIgnoreMAC(); err != nil {
		return err
	}
	r.Quiet = true
	writes := r.on("in-place") || r.str("output") != "" || slices.Contains([]string{"edit", "set", "unset", "updatekeys"}, r.name)
	r.AnswersOnly = !writes
	if err := r.useFlags(); err != nil {
		return err
	}
	r.setNamedPolicy(ctx)
	if !cmd.handlesSignals {
		ctx = r.untilSignal(ctx)
	}
	return cmd.run(r, ctx)
}

// useFlags applies the flags that every command has.
func (r *invocation) useFlags() error {
	for _, name := range strings.Fields(typeFlags) {
		if _, known := envfile.FormatNamed(r.str(name)); r.given(name) && !known {
			r.Warn("%s: unknown type %q; using the file name, as sops does; expected %s", dashed(name), r.str(name), cli.JoinOr(envfile.FormatNames()))
		}
	}
	order := r.str("decryption-order")
	types := strings.Split(order, ",")
	for i, t := range types {
		if order != "" && slices.Contains(types[:i], t) {
			return errorf(codeDuplicateType, "duplicate decryption key type: %s", t)
		}
	}
	if order == "" {
		order = r.Env(keys.EnvDecryptionOrder)
	}
	order = knownTypes(order)
	lookup := r.LookupEnv
	r.LookupEnv = func(name string) (string, bool) {
		switch name {
		case keys.EnvDecryptionOrder:
			return order, order != ""
		case "VISUAL": // sops does not read it; tools set EDITOR
			return "", false
		}
		return lookup(name)
	}
	return r.useProfile()
}

// knownTypes removes unknown types of keys, which sops accepts.
func knownTypes(order string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(order, ","), func(t string) bool { return !slices.Contains(keys.Types(), t) }), ",")
}

func (r *invocation) version() error {
	_, err := fmt.Fprintf(r.Stdout, "sops %s (sealcfg %s)\n", envfile.FormatVersion, strings.Trim(cli.BuildVersion(), "()"))
	return err
}

// help prints the supported commands and flags.
func (r *invocation) help() error {
	var b strings.Builder
	b.WriteString("The command line of sops " + envfile.FormatVersion + ", run by sealcfg.\n\nUsage:\n" +
		"  sops [FLAG...] FILE          (edits FILE; -d, -e, -r and --set select another command)\n  sops [FLAG...] COMMAND [FLAG...] ...\n\nCommands:\n")
	var rejected []string
	for _, c := range commandSpecs() {
		if c.reject != "" {
			rejected = append(rejected, c.name)
			continue
		}
		fmt.Fprintf(&b, "  %-28s %s\n", c.name+" "+c.usage, c.short)
	}
	b.WriteString("\nFlags:\n")
	for _, f := range flagSpecs() {
		if f.reject != "" {
			rejected = append(rejected, dashed(f.name))
			continue
		}
		if f.help == "" { // a flag of a command that is not supported
			continue
		}
		name := dashed(f.name)
		if f.short != "" {
			name += ", " + dashed(f.short)
		}
		fmt.Fprintf(&b, "  %-36s %s\n", name, f.help)
	}
	b.WriteString("\nNot supported: " + strings.Join(rejected, ", ") + "\n")
	_, err := fmt.Fprint(r.Stdout, b.String())
	return err
}

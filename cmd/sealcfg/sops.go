package main

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

// The shim: the command line of sops 3.13, for tools that run sops. Its exit
// codes and words are those of sops; its guarantees are ours.

// calledAsSops reports whether the program was started under the name of sops,
// by way of a symbolic link.
func calledAsSops(argv0 string) bool {
	base := strings.ToLower(filepath.Base(argv0))
	return strings.TrimSuffix(base, ".exe") == "sops"
}

func newSopsCmd(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "sops ...",
		Short: "The command line of sops, for tools that run it",
		Long: `Sops takes the command line of sops 3.13, for tools that run it, and gives its exit
codes back. So does the program itself when it is called sops, by a symbolic link.

What sops would do and sealcfg does not is refused by name, and nothing is passed
over in silence: docs/sops-shim.md lists the differences.`,
		Example: `  sealcfg sops -d secrets.yaml
  sealcfg sops exec-env prod.env 'npm start'
  ln -s "$(command -v sealcfg)" ~/bin/sops`,
		DisableFlagParsing: true,
		// Not the root's: signals mean something else for exec-env, and for editors.
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		ValidArgsFunction: cobra.FixedCompletions(sopsCommandNames(), cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := runSops(cmd.Context(), a, args); code != cli.ExitOK {
				return cli.Ended(code)
			}
			return nil
		},
	}
}

// A sopsRun is one call of the shim.
type sopsRun struct {
	*cli.App
	sopsArgs
	name   string // of the command
	legacy bool   // it was given as a flag
	log    *sopsLog

	// namedPolicy reads the policy at --config or $SOPS_CONFIG, once: it may be a pipe.
	namedPolicy func() (*environments.Policy, error)
}

// A sopsCommand is a command of sops.
type sopsCommand struct {
	name   string
	flags  string // besides those of sopsAnywhere, by their long names
	refuse string // why it is not supported, "" if it is
	usage  string
	short  string
	own    bool // deals with signals itself
	run    func(*sopsRun, context.Context) error
}

const (
	keyserviceFlags = " enable-local-keyservice keyservice "
	typeFlags       = " input-type output-type "
	givenFlags      = " kms aws-profile gcp-kms hckms azure-kv hc-vault-transit pgp age encryption-context shamir-secret-sharing-threshold "
	selectorFlags   = " unencrypted-suffix encrypted-suffix unencrypted-regex encrypted-regex "
	changeFlags     = " add-kms add-gcp-kms add-hckms add-azure-kv add-hc-vault-transit add-pgp add-age" +
		" rm-kms rm-gcp-kms rm-hckms rm-azure-kv rm-hc-vault-transit rm-pgp rm-age "
	// globalOnly are those that sops takes before a command and obeys in it.
	globalOnly = " config indent verbose mac-only-encrypted unencrypted-comment-regex encrypted-comment-regex disable-version-check version help check-for-updates "
	editFlags  = givenFlags + typeFlags + selectorFlags + "show-master-keys ignore-mac decryption-order" + keyserviceFlags
)

// sopsGlobal are the flags of sops without a command.
const sopsGlobal = globalOnly + editFlags + changeFlags + "decrypt encrypt rotate set in-place output extract filename-override"

func sopsCommands() []*sopsCommand {
	const notHere = "sealcfg uploads nothing and serves nobody"
	return []*sopsCommand{
		{name: "decrypt", usage: "[FILE]", short: "print a file in plain text", run: (*sopsRun).decrypt,
			flags: "in-place extract output ignore-mac filename-override decryption-order" + typeFlags + keyserviceFlags},
		{name: "encrypt", usage: "[FILE]", short: "seal a file", run: (*sopsRun).encrypt,
			flags: "in-place output filename-override" + givenFlags + typeFlags + selectorFlags + keyserviceFlags},
		{name: "edit", usage: "FILE", short: "change a file in an editor", run: (*sopsRun).edit, own: true, flags: editFlags},
		{name: "set", usage: "FILE INDEX [JSON]", short: "set a value", run: (*sopsRun).set,
			flags: "value-file value-stdin shamir-secret-sharing-threshold ignore-mac decryption-order idempotent" + typeFlags + keyserviceFlags},
		{name: "unset", usage: "FILE INDEX", short: "remove a value", run: (*sopsRun).unset,
			flags: "shamir-secret-sharing-threshold ignore-mac decryption-order idempotent" + typeFlags + keyserviceFlags},
		{name: "rotate", usage: "FILE", short: "seal a file under a new data key", run: (*sopsRun).rotate,
			flags: "in-place output filename-override encryption-context decryption-order" + typeFlags + changeFlags + keyserviceFlags},
		{name: "updatekeys", usage: "FILE...", short: "wrap the data key for those whom .sops.yaml names", run: (*sopsRun).updateKeys,
			flags: "yes input-type" + keyserviceFlags},
		{name: "filestatus", usage: "FILE", short: `print {"encrypted":true}`, run: (*sopsRun).fileStatus, flags: "input-type"},
		{name: "exec-env", usage: "FILE COMMAND", short: "run a command with the values in its environment", run: (*sopsRun).execEnv, own: true,
			flags: "background pristine user same-process decryption-order" + keyserviceFlags},
		{name: "exec-file", usage: "FILE COMMAND", short: "run a command with {} for the plain text", run: (*sopsRun).execFile, own: true,
			flags: "background no-fifo user filename decryption-order" + typeFlags + keyserviceFlags},
		{name: "publish", refuse: notHere, flags: "yes omit-extensions recursive verbose decryption-order" + keyserviceFlags},
		{name: "keyservice", refuse: notHere, flags: "network address prompt verbose"},
		{name: "groups", refuse: "write key_groups into .sops.yaml and run sealcfg rekey"},
		{name: "completion", refuse: "sealcfg completion has scripts for sealcfg"},
	}
}

func sopsCommandNames() []string {
	var names []string
	for _, c := range sopsCommands() {
		names = append(names, c.name)
	}
	return names
}

// runSops runs a command line of sops and returns the exit code.
func runSops(ctx context.Context, a *cli.App, args []string) int {
	a.WorkDir, _ = os.Getwd()
	r := &sopsRun{App: a, sopsArgs: sopsArgs{text: map[string]string{}, cli: map[string]bool{}, args: args}}
	ctx = keys.WithSource(ctx, a.WithPrompts(keys.Source{})) // for recipients
	err := r.dispatch(ctx, args)
	return r.end(a.Outcome(err))
}

// dispatch finds out what is wanted: a command, or one of the flags that stood
// for commands before there were any.
func (r *sopsRun) dispatch(ctx context.Context, args []string) error {
	known := strings.Fields(sopsGlobal)
	if err := r.read(args, known, false); err != nil {
		return err
	}
	var cmd *sopsCommand
	if len(r.rest) > 0 {
		if r.rest[0] == "help" || r.rest[0] == "h" {
			return r.help()
		}
		i := slices.IndexFunc(sopsCommands(), func(c *sopsCommand) bool { return c.name == r.rest[0] })
		if i >= 0 {
			cmd = sopsCommands()[i]
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
		if cmd.refuse != "" {
			return fmt.Errorf("sops %s is not supported: %s", cmd.name, cmd.refuse)
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

// readCommand reads what stands behind the name of a command.
func (r *sopsRun) readCommand(cmd *sopsCommand) error {
	for _, name := range slices.Sorted(maps.Keys(r.cli)) {
		if name == cmd.name || slices.Contains(strings.Fields(globalOnly+keyserviceFlags), name) {
			continue
		}
		err := fmt.Errorf("%s comes before the command, where sops does not read it", dashed(name))
		after := orderedCall(cmd.name, r.args, fmt.Sprintf("%s %s %s ... FILE", sopsName(), cmd.name, dashed(name)))
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

// ignore decides about a flag in a position where sops does not read it. If the
// flag has no effect that matters, the shim warns and goes on, as sops does. It
// returns err if plaintext would be printed instead of written, or if a file
// would be encrypted for other recipients or not be written.
func (r *sopsRun) ignore(command, flag string, err error) error {
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

// legacyCommand finds the command that the flags stand for.
func (r *sopsRun) legacyCommand() (*sopsCommand, error) {
	var modes []string
	for _, m := range []string{"decrypt", "encrypt", "rotate"} {
		if r.on(m) {
			modes = append(modes, m)
		}
	}
	if r.str("set") != "" {
		modes = append(modes, "set")
	}
	name := "edit"
	switch len(modes) {
	case 0:
	case 1:
		name = modes[0]
	default:
		return nil, sopsError(sopsConflict, "%s exclude each other", "--"+strings.Join(modes, ", --"))
	}
	if len(r.rest) == 0 {
		return nil, sopsError(sopsNoFile, "no file specified")
	}
	r.name, r.legacy = name, true
	for _, f := range strings.Fields(changeFlags) {
		if r.given(f) && name != "rotate" {
			if err := r.ignore(name, f, fmt.Errorf("%s goes with --rotate; sops does not read it here", dashed(f))); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case r.given("extract") && name != "decrypt" && name != "encrypt":
		return nil, fmt.Errorf("--extract goes with --decrypt")
	case r.given("output") && (name == "edit" || name == "set"):
		return nil, fmt.Errorf("--output does not go with %s, which changes the file", name)
	case r.on("in-place") && r.str("output") != "":
		return nil, sopsError(sopsConflict, "cannot operate on both --output and --in-place")
	}
	i := slices.Index(sopsCommandNames(), name)
	return sopsCommands()[i], nil
}

func (r *sopsRun) runCommand(ctx context.Context, cmd *sopsCommand) error {
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
	r.readsPolicy(ctx)
	if !cmd.own {
		ctx = r.untilSignal(ctx)
	}
	return cmd.run(r, ctx)
}

// useFlags puts into effect what goes for every command.
func (r *sopsRun) useFlags() error {
	for _, name := range strings.Fields(typeFlags) {
		if _, known := envfile.FormatNamed(r.str(name)); r.given(name) && !known {
			r.Warn("%s: unknown type %q: as in sops, the name of the file decides; expected %s", dashed(name), r.str(name), cli.JoinOr(envfile.FormatNames()))
		}
	}
	order := r.str("decryption-order")
	types := strings.Split(order, ",")
	for i, t := range types {
		if order != "" && slices.Contains(types[:i], t) {
			return sopsError(sopsDuplicateType, "duplicate decryption key type: %s", t)
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
		case "VISUAL": // which sops does not read; tools set EDITOR
			return "", false
		}
		return lookup(name)
	}
	return r.useProfile()
}

// knownTypes leaves out types of keys that do not exist, which sops accepts.
func knownTypes(order string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(order, ","), func(t string) bool { return !slices.Contains(keys.Types(), t) }), ",")
}

func (r *sopsRun) version() error {
	_, err := fmt.Fprintf(r.Stdout, "sops %s (sealcfg %s)\n", envfile.FormatVersion, strings.Trim(buildVersion(), "()"))
	return err
}

// help lists what is supported.
func (r *sopsRun) help() error {
	var b strings.Builder
	b.WriteString("The command line of sops " + envfile.FormatVersion + ", as sealcfg understands it.\n\nUsage:\n" +
		"  sops [FLAG...] FILE          (edit, or what -d, -e, -r or --set say)\n  sops [FLAG...] COMMAND [FLAG...] ...\n\nCommands:\n")
	for _, c := range sopsCommands() {
		if c.refuse == "" {
			fmt.Fprintf(&b, "  %-28s %s\n", c.name+" "+c.usage, c.short)
		}
	}
	b.WriteString("\nFlags:\n")
	var refused []string
	for _, f := range sopsFlags {
		if f.refuse != "" {
			refused = append(refused, dashed(f.name))
			continue
		}
		if !slices.Contains(strings.Fields(sopsGlobal), f.name) && f.help == "" {
			continue
		}
		name := dashed(f.name)
		if f.short != "" {
			name += ", " + dashed(f.short)
		}
		fmt.Fprintf(&b, "  %-36s %s\n", name, f.help)
	}
	b.WriteString("\nRefused: " + strings.Join(refused, ", ") + "\nand the commands publish, keyservice, groups, completion.\n")
	_, err := fmt.Fprint(r.Stdout, b.String())
	return err
}

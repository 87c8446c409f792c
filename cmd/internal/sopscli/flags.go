package sopscli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/keys"
)

// A flagSpec is a flag of sops 3.13.
type flagSpec struct {
	name, short string
	kind        flagKind
	env         string // the variable that sops reads without the flag
	reject      string // why the flag is not supported, "" if it is
	help        string
}

type flagKind uint8

const (
	textFlag flagKind = iota
	boolFlag
	numberFlag
)

const noKeyservice = "sealcfg does not use the keyservice protocol of sops; keys are used in this process and by sealcfg-kms"

// flagSpecs returns the flags of all commands of sops.
var flagSpecs = sync.OnceValue(func() []flagSpec {
	flags := []flagSpec{
		{name: "decrypt", short: "d", kind: boolFlag, help: "decrypt a file to stdout"},
		{name: "encrypt", short: "e", kind: boolFlag, help: "encrypt a file to stdout"},
		{name: "rotate", short: "r", kind: boolFlag, help: "encrypt a file again with a new data key"},
		{name: "set", help: "set a value: '[\"key\"][0] JSON'"},
		{name: "in-place", short: "i", kind: boolFlag, help: "write the result back to the file"},
		{name: "output", help: "write the result to this file"},
		{name: "extract", help: "print one value: '[\"key\"][0]'"},
		{name: "input-type", help: "format of the file: yaml, json, dotenv, ini, toml or binary"},
		{name: "output-type", help: "format of the result"},
		{name: "filename-override", help: "file name for the creation rule and the format"},
		{name: "config", env: "SOPS_CONFIG", help: "use this .sops.yaml, not the nearest from the working directory upwards"},
		{name: "indent", kind: numberFlag, help: "indentation of text in the layout of sops"},
		{name: "verbose", kind: boolFlag, help: "print the log lines of sops on stderr"},
		{name: "decryption-order", env: "SOPS_DECRYPTION_ORDER", help: "types of keys to try, in this order"},
	}
	more := map[string]string{"": ", separated by commas", "add-": " to the first key group"} // in the first help
	for i, k := range keyFlags() {
		flags = append(flags, flagSpec{name: k.Name, short: k.Short, env: k.Variable, help: k.Keys + " to encrypt for" + more[""]})
		if i == 0 {
			delete(more, "")
		}
	}
	flags = append(flags, []flagSpec{
		{name: "aws-profile", help: "AWS profile, if $AWS_PROFILE is not set"},
		{name: "encryption-context", help: "AWS KMS context: key:value,key:value"},
		{name: "shamir-secret-sharing-threshold", kind: numberFlag, help: "number of key groups needed to decrypt"},

		{name: "unencrypted-suffix", help: "encrypt all fields except those with this suffix"},
		{name: "encrypted-suffix", help: "encrypt only fields with this suffix"},
		{name: "unencrypted-regex", help: "encrypt all fields except those that match"},
		{name: "encrypted-regex", help: "encrypt only fields that match"},
		{name: "unencrypted-comment-regex", help: "encrypt all fields except those with a matching comment"},
		{name: "encrypted-comment-regex", help: "encrypt only fields with a matching comment"},
		{name: "mac-only-encrypted", kind: boolFlag, help: "authenticate only the encrypted values with the MAC"},
	}...)
	for _, change := range []string{"add", "remove"} {
		prefix := map[string]string{"add": "add-", "remove": "rm-"}[change]
		for i, k := range keyFlags() {
			flag := flagSpec{name: prefix + k.Name, help: "rotate: " + change + " " + k.Keys}
			if i == 0 {
				flag.help += more[prefix]
			}
			flags = append(flags, flag)
		}
	}
	return append(flags, []flagSpec{
		{name: "yes", short: "y", kind: boolFlag, help: "updatekeys: do not prompt"},
		{name: "idempotent", kind: boolFlag, help: "set, unset: succeed if the file needs no change"},
		{name: "value-file", kind: boolFlag, help: "set: the value is the name of a file with the JSON"},
		{name: "value-stdin", kind: boolFlag, help: "set: read the JSON from stdin"},
		{name: "pristine", kind: boolFlag, help: "exec-env: only the decrypted values in the environment"},
		{name: "same-process", kind: boolFlag, help: "exec-env: replace this process with the command"},
		{name: "user", help: "exec-*: run the command as this user"},
		{name: "no-fifo", kind: boolFlag, help: "exec-file: use a file, not a pipe"},
		{name: "filename", help: "exec-file: name of the file"},

		{name: "disable-version-check", kind: boolFlag, env: "SOPS_DISABLE_VERSION_CHECK", help: "no effect: sealcfg never checks for a new version"},
		{name: "version", short: "v", kind: boolFlag, help: "print the version"},
		{name: "help", short: "h", kind: boolFlag, help: "print this help"},

		{name: "enable-local-keyservice", kind: boolFlag, env: "SOPS_ENABLE_LOCAL_KEYSERVICE", help: "only true, the default, is supported"},
		{name: "keyservice", env: "SOPS_KEYSERVICE", reject: noKeyservice},
		{name: "ignore-mac", kind: boolFlag, help: "decrypt: print the values that authenticate one by one, without the MAC"},
		{name: "show-master-keys", short: "s", kind: boolFlag, reject: "the editor cannot change keys (sops loses such an edit); use rotate --add-… or updatekeys"},
		{name: "check-for-updates", kind: boolFlag, reject: "sealcfg contacts only the key services that a file needs"},
		{name: "background", kind: boolFlag, reject: "sops has deprecated it, and the plaintext would not be removed"},

		// The flags of commands that are not supported.
		{name: "file", short: "f"}, {name: "omit-extensions", kind: boolFlag}, {name: "recursive", kind: boolFlag},
		{name: "network", short: "net"}, {name: "address", short: "addr"}, {name: "prompt", kind: boolFlag},
	}...)
})

// keyFlags returns the flags for keys to encrypt for, in the order of sops's help.
func keyFlags() []keys.FlagOfKind {
	var flags []keys.FlagOfKind
	for _, kind := range slices.SortedStableFunc(slices.Values(keys.Kinds()), func(a, b *keys.Kind) int { return a.ReadOrder - b.ReadOrder }) {
		flags = append(flags, kind.Flag)
	}
	return flags
}

// keyFlagNames returns the names of the flags for keys with a prefix, each between spaces.
func keyFlagNames(prefix string) string {
	names := " "
	for _, k := range keyFlags() {
		names += prefix + k.Name + " "
	}
	return names
}

func findFlag(name string) *flagSpec {
	flags := flagSpecs()
	for i := range flags {
		if f := &flags[i]; f.name == name || f.short == name && name != "" {
			return f
		}
	}
	return nil
}

// arguments is a parsed command line of sops.
type arguments struct {
	text map[string]string // values by the long name of the flag, also from variables
	cli  map[string]bool   // flags on the command line
	rest []string          // arguments that are not flags
	args []string          // the whole command line
}

func (s *arguments) str(name string) string { return s.text[name] }
func (s *arguments) on(name string) bool    { return s.text[name] == "true" }
func (s *arguments) given(name string) bool { return s.cli[name] }

func (s *arguments) number(name string) int {
	n, _ := strconv.Atoi(s.text[name]) // read has checked it
	return n
}

// read parses the flags in args as sops's flag library does: -name and --name are the
// same, and a value follows after a space or =. Flags end at the first argument. If
// mixed is true, the command's known flags may also come after arguments.
func (s *arguments) read(args []string, known []string, mixed bool) error {
	set := flag.NewFlagSet("sops", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, name := range known {
		f := findFlag(name)
		take := func(text string) error { return s.take(f, text) }
		for _, n := range []string{f.name, f.short} {
			switch {
			case n == "":
			case f.kind == boolFlag:
				set.BoolFunc(n, "", take)
			default:
				set.Func(n, "", take)
			}
		}
	}
	for {
		if err := set.Parse(args); err != nil {
			return s.flagError(err)
		}
		read := args[:len(args)-set.NArg()]
		ended := len(read) > 0 && read[len(read)-1] == "--"
		args = set.Args()
		if !mixed || ended || len(args) == 0 {
			s.rest = append(s.rest, args...)
			return nil
		}
		// Skip the arguments before the next known flag.
		next := slices.IndexFunc(args, func(a string) bool { return a == "--" || knownFlag(set, a) })
		if next < 0 {
			s.rest = append(s.rest, args...)
			return nil
		}
		s.rest = append(s.rest, args[:next]...)
		args = args[next:]
		if args[0] == "--" {
			s.rest = append(s.rest, args[1:]...)
			return nil
		}
	}
}

func (s *arguments) take(f *flagSpec, text string) error {
	switch f.kind {
	case boolFlag:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("expected true or false")
		}
		text = strconv.FormatBool(v)
	case numberFlag:
		if _, err := strconv.Atoi(text); err != nil {
			return errors.New("expected a number")
		}
	}
	s.text[f.name], s.cli[f.name] = text, true
	return nil
}

// flagError returns an error of package flag without the value that it quotes.
func (s *arguments) flagError(err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: "); ok {
		name = strings.TrimLeft(name, "-")
		err := fmt.Errorf("flag provided but not defined: %s", dashed(name))
		return cli.WithHint(err, "%s", s.otherPosition(name))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: "); ok {
		return fmt.Errorf("%s requires a value", dashed(strings.TrimLeft(name, "-")))
	}
	if strings.HasPrefix(text, "invalid ") {
		if _, after, ok := strings.Cut(text, " for flag -"); ok {
			name, _, _ := strings.Cut(after, ":")
			return invalidValue(name)
		}
		if i := strings.LastIndex(text, " for -"); i >= 0 {
			name, _, _ := strings.Cut(text[i+len(" for -"):], ":")
			return invalidValue(name)
		}
	}
	return errors.New("bad flag syntax")
}

func invalidValue(flag string) error {
	expected := "a number"
	if f := findFlag(flag); f != nil && f.kind == boolFlag {
		expected = "true or false"
	}
	return fmt.Errorf("%s: invalid value, expected %s", dashed(flag), expected)
}

// otherPosition returns the hint for an unknown flag: where sops reads it, or the
// command that lists all flags.
func (s *arguments) otherPosition(name string) string {
	f := findFlag(name)
	if f == nil {
		return "list the flags: " + programName() + " --help"
	}
	if i := slices.Index(commandNames(), f.name); i >= 0 && f.kind == boolFlag {
		return "leave out the flag, because the command is enough: " + orderedCall(f.name, s.args, programName()+" "+f.name+" FILE")
	}
	if slices.Contains(strings.Fields(globalOnly), f.name) {
		return "write it before the command: " + orderedCall(calledCommand(s.args), s.args, fmt.Sprintf("%s %s ... COMMAND FILE", programName(), dashed(f.name)))
	}
	var with []string
	for _, c := range commandSpecs() {
		changes := f.name == "ignore-mac" && c.name != "decrypt" // see noIgnoreMAC
		if c.reject == "" && !changes && slices.Contains(strings.Fields(c.flags), f.name) {
			with = append(with, c.name)
		}
	}
	if len(with) == 0 {
		return "list the flags: " + programName() + " --help"
	}
	return fmt.Sprintf("%s is a flag of %s: %s %s %s ... FILE", dashed(f.name), cli.JoinOr(with), programName(), with[0], dashed(f.name))
}

// origin returns the source of a flag's value: the flag itself or its variable.
func (s *arguments) origin(name string) string {
	if f := findFlag(name); !s.given(name) && f != nil && f.env != "" {
		return "$" + f.env
	}
	return dashed(name)
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// knownFlag reports whether an argument is one of the flags in the set.
func knownFlag(set *flag.FlagSet, arg string) bool {
	name := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	if name == arg {
		return false
	}
	name, _, _ = strings.Cut(name, "=")
	return set.Lookup(name) != nil
}

// fromEnv sets the flags that are not on the command line from their variables.
func (s *arguments) fromEnv(known []string, lookup func(string) (string, bool)) error {
	for _, name := range known {
		f := findFlag(name)
		if f.env == "" || s.cli[name] {
			continue
		}
		v, ok := lookup(f.env)
		if !ok || v == "" {
			continue
		}
		if f.reject != "" {
			return fmt.Errorf("$%s is not supported, like %s: %s", f.env, dashed(name), f.reject)
		}
		if f.kind == boolFlag {
			on, err := strconv.ParseBool(v)
			if err != nil {
				return fmt.Errorf("$%s: expected true or false", f.env)
			}
			v = strconv.FormatBool(on)
		}
		s.text[name] = v
	}
	return nil
}

// check rejects the flags that are known but not supported.
func (s *arguments) check() error {
	for _, f := range flagSpecs() {
		switch {
		case f.reject == "" || !s.cli[f.name]:
		case f.kind == boolFlag && !s.on(f.name): // --ignore-mac=false
		default:
			return fmt.Errorf("%s is not supported: %s", dashed(f.name), f.reject)
		}
	}
	if v, ok := s.text["enable-local-keyservice"]; ok && v != "true" {
		return fmt.Errorf("--enable-local-keyservice=false is not supported: %s", noKeyservice)
	}
	return nil
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
)

// A sopsFlag is a flag of sops 3.13, and what the shim makes of it.
type sopsFlag struct {
	name, short string
	kind        flagKind
	env         string // the variable that sops reads if the flag is not given
	refuse      string // why it is not supported, "" if it is
	help        string
}

type flagKind uint8

const (
	textFlag flagKind = iota
	boolFlag
	numberFlag
)

const noKeyservice = "sealcfg talks to no key service of sops; keys are used in this process and by sealcfg-kms"

// sopsFlags are all flags of sops, of whichever command.
var sopsFlags = []sopsFlag{
	{name: "decrypt", short: "d", kind: boolFlag, help: "decrypt a file to stdout"},
	{name: "encrypt", short: "e", kind: boolFlag, help: "encrypt a file to stdout"},
	{name: "rotate", short: "r", kind: boolFlag, help: "encrypt a file again under a new data key"},
	{name: "set", help: "set a value: '[\"key\"][0] JSON'"},
	{name: "in-place", short: "i", kind: boolFlag, help: "write the result back to the file"},
	{name: "output", help: "write the result to this file"},
	{name: "extract", help: "print one value: '[\"key\"][0]'"},
	{name: "input-type", help: "yaml, json, dotenv, ini, toml or binary, whatever the file's name"},
	{name: "output-type", help: "the same for the result"},
	{name: "filename-override", help: "the name that decides about rule and format"},
	{name: "config", env: "SOPS_CONFIG", help: "the .sops.yaml; else the nearest from the working directory upwards"},
	{name: "indent", kind: numberFlag, help: "indentation of what is written anew"},
	{name: "verbose", kind: boolFlag, help: "say more on stderr"},
	{name: "decryption-order", env: "SOPS_DECRYPTION_ORDER", help: "types of keys in the order in which to try them"},

	{name: "kms", short: "k", env: "SOPS_KMS_ARN", help: "AWS KMS keys to encrypt for, with commas"},
	{name: "gcp-kms", env: "SOPS_GCP_KMS_IDS", help: "GCP KMS keys to encrypt for"},
	{name: "hckms", env: "SOPS_HUAWEICLOUD_KMS_IDS", help: "Huawei KMS keys to encrypt for"},
	{name: "azure-kv", env: "SOPS_AZURE_KEYVAULT_URLS", help: "Azure Key Vault keys to encrypt for"},
	{name: "hc-vault-transit", env: "SOPS_VAULT_URIS", help: "Vault transit keys to encrypt for"},
	{name: "pgp", short: "p", env: "SOPS_PGP_FP", help: "PGP fingerprints to encrypt for"},
	{name: "age", short: "a", env: "SOPS_AGE_RECIPIENTS", help: "age recipients to encrypt for"},
	{name: "aws-profile", help: "AWS profile"},
	{name: "encryption-context", help: "AWS KMS context: key:value,key:value"},
	{name: "shamir-secret-sharing-threshold", kind: numberFlag, help: "how many key groups are needed"},

	{name: "unencrypted-suffix", help: "what is sealed: see .sops.yaml"},
	{name: "encrypted-suffix"},
	{name: "unencrypted-regex"},
	{name: "encrypted-regex"},
	{name: "unencrypted-comment-regex"},
	{name: "encrypted-comment-regex"},
	{name: "mac-only-encrypted", kind: boolFlag},

	{name: "add-kms", help: "rotate: add keys to the first key group"},
	{name: "add-gcp-kms"}, {name: "add-hckms"}, {name: "add-azure-kv"}, {name: "add-hc-vault-transit"}, {name: "add-pgp"}, {name: "add-age"},
	{name: "rm-kms", help: "rotate: take keys away"},
	{name: "rm-gcp-kms"}, {name: "rm-hckms"}, {name: "rm-azure-kv"}, {name: "rm-hc-vault-transit"}, {name: "rm-pgp"}, {name: "rm-age"},

	{name: "yes", short: "y", kind: boolFlag, help: "do not ask"},
	{name: "idempotent", kind: boolFlag, help: "it is no error if there is nothing to do"},
	{name: "value-file", kind: boolFlag, help: "set: the value is the name of a file that holds the JSON"},
	{name: "value-stdin", kind: boolFlag, help: "set: read the JSON from stdin"},
	{name: "pristine", kind: boolFlag, help: "exec-env: nothing but the decrypted values in the environment"},
	{name: "same-process", kind: boolFlag, help: "exec-env: replace this process by the command"},
	{name: "user", help: "exec-*: run the command as this user"},
	{name: "no-fifo", kind: boolFlag, help: "exec-file: a file, not a pipe"},
	{name: "filename", help: "exec-file: what the file is called"},

	{name: "disable-version-check", kind: boolFlag, env: "SOPS_DISABLE_VERSION_CHECK", help: "there is no version check"},
	{name: "version", short: "v", kind: boolFlag, help: "print the version"},
	{name: "help", short: "h", kind: boolFlag, help: "print this help"},

	{name: "enable-local-keyservice", kind: boolFlag, env: "SOPS_ENABLE_LOCAL_KEYSERVICE", help: "only true, which is the default"},
	{name: "keyservice", env: "SOPS_KEYSERVICE", refuse: noKeyservice},
	{name: "ignore-mac", kind: boolFlag, help: "decrypt: print values that authenticate one by one, without the MAC"},
	{name: "show-master-keys", short: "s", kind: boolFlag, refuse: "keys are not changed in the editor (sops itself loses such an edit); use rotate --add-… or updatekeys"},
	{name: "check-for-updates", kind: boolFlag, refuse: "sealcfg contacts nobody but the key services that a file needs"},
	{name: "background", kind: boolFlag, refuse: "deprecated in sops, and nobody would take the plain text away"},

	// Of the commands that are refused as a whole.
	{name: "file", short: "f"}, {name: "omit-extensions", kind: boolFlag}, {name: "recursive", kind: boolFlag},
	{name: "network", short: "net"}, {name: "address", short: "addr"}, {name: "prompt", kind: boolFlag},
}

func findSopsFlag(name string) *sopsFlag {
	for i := range sopsFlags {
		if f := &sopsFlags[i]; f.name == name || f.short == name && name != "" {
			return f
		}
	}
	return nil
}

// sopsArgs is a command line of sops, read.
type sopsArgs struct {
	text map[string]string // by the long name; given, or from a variable
	cli  map[string]bool   // given on the command line
	rest []string
	args []string // all
}

func (s *sopsArgs) str(name string) string { return s.text[name] }
func (s *sopsArgs) on(name string) bool    { return s.text[name] == "true" }
func (s *sopsArgs) given(name string) bool { return s.cli[name] }

func (s *sopsArgs) number(name string) int {
	n, _ := strconv.Atoi(s.text[name]) // read has checked it
	return n
}

// read reads the flags of one command, as the library that sops uses does:
// -name and --name are the same, values follow or stand behind =. Flags end at
// the first argument; among the arguments of a command proper (mixed) those that the
// command knows are still flags.
func (s *sopsArgs) read(args []string, known []string, mixed bool) error {
	set := flag.NewFlagSet("sops", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, name := range known {
		f := findSopsFlag(name)
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
			return s.misread(err)
		}
		read := args[:len(args)-set.NArg()]
		ended := len(read) > 0 && read[len(read)-1] == "--"
		args = set.Args()
		if !mixed || ended || len(args) == 0 {
			s.rest = append(s.rest, args...)
			return nil
		}
		// Up to the next flag that the command knows.
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

func (s *sopsArgs) take(f *sopsFlag, text string) error {
	switch f.kind {
	case boolFlag:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("want true or false")
		}
		text = strconv.FormatBool(v)
	case numberFlag:
		if _, err := strconv.Atoi(text); err != nil {
			return errors.New("want a number")
		}
	}
	s.text[f.name], s.cli[f.name] = text, true
	return nil
}

// misread words an error of the flag library, which quotes values.
func (s *sopsArgs) misread(err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: "); ok {
		name = strings.TrimLeft(name, "-")
		err := fmt.Errorf("flag provided but not defined: %s", dashed(name))
		return cli.WithHint(err, "%s", s.otherPosition(name))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: "); ok {
		return fmt.Errorf("%s needs a value", dashed(strings.TrimLeft(name, "-")))
	}
	if strings.HasPrefix(text, "invalid ") {
		if _, after, ok := strings.Cut(text, " for flag -"); ok {
			name, _, _ := strings.Cut(after, ":")
			return fmt.Errorf("%s does not take this value", dashed(name))
		}
		if i := strings.LastIndex(text, " for -"); i >= 0 {
			name, _, _ := strings.Cut(text[i+len(" for -"):], ":")
			return fmt.Errorf("%s does not take this value", dashed(name))
		}
	}
	return errors.New("bad flag syntax")
}

// otherPosition is the hint for a flag that sops has elsewhere or does not have.
func (s *sopsArgs) otherPosition(name string) string {
	f := findSopsFlag(name)
	if f == nil {
		return fmt.Sprintf("%s --help lists the flags", sopsName())
	}
	if i := slices.Index(sopsCommandNames(), f.name); i >= 0 && f.kind == boolFlag {
		return "the command is enough, run: " + orderedCall(f.name, s.args, sopsName()+" "+f.name+" FILE")
	}
	if slices.Contains(strings.Fields(globalOnly), f.name) {
		return "write it before the command: " + orderedCall(calledCommand(s.args), s.args, fmt.Sprintf("%s %s ... COMMAND FILE", sopsName(), dashed(f.name)))
	}
	var with []string
	for _, c := range sopsCommands() {
		if c.refuse == "" && slices.Contains(strings.Fields(c.flags), f.name) {
			with = append(with, c.name)
		}
	}
	if len(with) == 0 {
		return fmt.Sprintf("%s --help lists the flags", sopsName())
	}
	return fmt.Sprintf("%s is a flag of %s: %s %s %s ... FILE", dashed(f.name), cli.JoinOr(with), sopsName(), with[0], dashed(f.name))
}

// origin names where a flag has its value from: the flag itself, or its variable.
func (s *sopsArgs) origin(name string) string {
	if f := findSopsFlag(name); !s.given(name) && f != nil && f.env != "" {
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

// fromEnv fills in the variables that sops reads for the flags that were not given.
func (s *sopsArgs) fromEnv(known []string, lookup func(string) (string, bool)) error {
	for _, name := range known {
		f := findSopsFlag(name)
		if f.env == "" || s.cli[name] {
			continue
		}
		v, ok := lookup(f.env)
		if !ok || v == "" {
			continue
		}
		if f.refuse != "" {
			return fmt.Errorf("%s is set, which stands for %s: not supported: %s", f.env, dashed(name), f.refuse)
		}
		if f.kind == boolFlag {
			on, err := strconv.ParseBool(v)
			if err != nil {
				return fmt.Errorf("%s: want true or false", f.env)
			}
			v = strconv.FormatBool(on)
		}
		s.text[name] = v
	}
	return nil
}

// check refuses what is known but not supported.
func (s *sopsArgs) check() error {
	for _, f := range sopsFlags {
		switch {
		case f.refuse == "" || !s.cli[f.name]:
		case f.kind == boolFlag && !s.on(f.name): // --ignore-mac=false
		default:
			return fmt.Errorf("%s is not supported: %s", dashed(f.name), f.refuse)
		}
	}
	if v, ok := s.text["enable-local-keyservice"]; ok && v != "true" {
		return fmt.Errorf("--enable-local-keyservice=false is not supported: %s", noKeyservice)
	}
	return nil
}

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type setOptions struct {
	app      *cli.App
	env      string
	path     string
	value    string
	given    bool
	fromFile string
	typ      string
	random   int
	document int
	clear    bool

	keepRules bool
}

func newSetCmd(a *cli.App) *cobra.Command {
	o := &setOptions{app: a}
	cmd := &cobra.Command{
		Use:   "set ENV PATH [VALUE]",
		Short: "Set one value",
		Long: `Set changes the value of the field at PATH, or adds the field. Without VALUE, it
prompts without echo; - reads the value from stdin. Other users of the machine can
see a VALUE on the command line.

An existing field keeps its type. For a new field, a VALUE on the command line gets
the type that YAML gives it, unless its spelling would change (01234 and 1.10 stay
strings); any other value is a string. db.hosts[+] appends to a list. In a file with
several documents, --document selects one. --type json takes a JSON value, which may
replace a map or a list.

If the rules of the file leave the field unencrypted, a value that is not on the
command line is written only after a confirmation, or with --clear. An unencrypted
value that is not empty can be changed without either.`,
		Example: `  sealcfg set prod db.password
  pwgen 32 1 | sealcfg set prod db.password -
  sealcfg set prod session.key --random 32
  sealcfg set prod db.port 5432 --type int
  sealcfg set prod tz.offset --type int -- -2
  sealcfg set prod tls.key --from-file key.pem
  sealcfg set prod db.hosts '["a", "b"]' --type json`,
		Args:              between(2, 3, "ENV, PATH and perhaps VALUE"),
		ValidArgsFunction: completeField(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env, o.path = args[0], args[1]
			if o.given = len(args) == 3; o.given {
				o.value = args[2]
			}
			if cmd.Flags().Changed("random") && o.random == 0 {
				return errRandom
			}
			return runSet(cmd, o)
		},
	}
	cmd.Flags().StringVar(&o.fromFile, "from-file", "", "read the value from `FILE`, with its line breaks")
	cmd.Flags().StringVar(&o.typ, "type", "", "the `TYPE`: str, int, float, bool, time, null or json")
	cli.KeepRulesFlag(cmd, &o.keepRules)
	cmd.Flags().BoolVar(&o.clear, "clear", false, "write the value also if the rules leave it unencrypted")
	cli.DocumentFlag(cmd, &o.document)
	cmd.Flags().IntVar(&o.random, "random", 0, "set a random value of `N` bytes, in URL-safe base64")
	// An argument that looks like a flag may be a password that starts with a dash.
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return setFlagError(cmd, err) })
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(
		[]string{"str", "int", "float", "bool", "time", "null", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var errRandom = cli.Usagef("--random: expected 1 to 4096 bytes")

// setFlagError returns the error for wrong flags. It does not quote them.
func setFlagError(cmd *cobra.Command, err error) error {
	var bad *pflag.InvalidValueError
	var needs *pflag.ValueRequiredError
	switch {
	case errors.As(err, &bad):
		return cli.Usagef("--%s does not take this value", bad.GetFlag().Name)
	case errors.As(err, &needs):
		return cli.Usage(err) // it quotes only the name of the flag
	}
	err = cli.Usagef("an argument looks like a flag, and there is no such flag")
	return cli.WithHint(err, "to set a value that starts with a dash, put it after -- or read it from stdin: -\nto list the flags, run: %s --help", cmd.CommandPath())
}

func runSet(cmd *cobra.Command, o *setOptions) error {
	a := o.app
	path, err := cli.ParseField(o.path)
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	t, err := a.Existing(o.env)
	if err != nil {
		return err
	}
	t.KeepRules = o.keepRules
	opened, err := a.Open(cmd.Context(), t)
	if err != nil {
		return err
	}
	if _, err := cli.DocumentRoot(t, opened.Roots(), o.document); err != nil {
		return err
	}
	text, err := o.read(cmd.Context())
	if err != nil {
		return err
	}
	if o.typ == "json" && !json.Valid([]byte(text)) {
		return cli.WithHint(cli.Usagef("%s: the value is not JSON", path), "put a string in quotes: '\"text\"'")
	}
	if o.typ == "json" {
		a.WarnJSON(t, path, text)
	}
	if o.typ == "" && slices.Contains([]envfile.Format{envfile.Dotenv, envfile.INI, envfile.Binary}, t.Format) {
		o.typ = string(crypto.Str) // the only type of the format
	}
	return applyTo(cmd.Context(), a, t, opened, func(now *envfile.Opened) (envfile.Op, error) {
		root, err := cli.DocumentRoot(t, now.Roots(), o.document)
		if err != nil {
			return envfile.Op{}, err
		}
		op, err := o.op(t, path, root.At(path), text)
		return op.In(o.document - 1), err
	}, o.mayBeUnencrypted)
}

func (o *setOptions) check() error {
	sources := 0
	for _, given := range []bool{o.given, o.fromFile != "", o.random != 0} {
		if given {
			sources++
		}
	}
	switch {
	case sources > 1:
		return cli.Usagef("VALUE, --from-file and --random exclude each other")
	case o.random < 0 || o.random > 4096:
		return errRandom
	case o.random > 0 && o.typ != "" && o.typ != "str":
		return cli.Usagef("--random requires the type str")
	}
	switch o.typ {
	case "", "str", "int", "float", "bool", "time", "null", "json":
		return nil
	}
	return cli.Usagef("unknown type %q: expected str, int, float, bool, time, null or json", o.typ)
}

// read returns the text of the value from its source.
func (o *setOptions) read(ctx context.Context) (string, error) {
	a := o.app
	switch {
	case o.typ == "null":
		return "", nil
	case o.random > 0:
		b := make([]byte, o.random)
		rand.Read(b)
		return base64.RawURLEncoding.EncodeToString(b), nil
	case o.fromFile != "":
		b, err := cli.ReadFile(ctx, o.fromFile)
		if err == nil && len(b) == 0 && cli.IsStream(o.fromFile) {
			return "", cli.WithHint(cli.Usagef("%s is empty: the command that writes the value has failed", cli.Shown(o.fromFile)), "to set an empty string, run: sealcfg set %s %s ''", cli.ShellWord(o.env), cli.ShellWord(o.path))
		}
		return string(b), err
	case o.given && o.value == "-":
		b, err := cli.ReadStream(ctx, a.Stdin)
		if err == nil && len(b) == 0 {
			return "", cli.WithHint(cli.Usagef("stdin is empty: the command that writes the value has failed"), "to set an empty value, write an empty line")
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), err
	case o.given:
		a.Warn("a value on the command line can be seen by others on this machine and stays in the shell's history")
		return o.value, nil
	case !a.Interactive():
		return "", cli.WithHint(cli.Usagef("no value given, and there is no terminal"), "to read the value from stdin, add: -")
	}
	b, err := a.PromptSecret(ctx, a.Stdin, "value for "+o.path)
	if err == nil && len(b) == 0 { // Enter alone is no answer
		return "", cli.WithHint(cli.Usagef("%s: no value entered; file not written", o.path), "to set an empty string, run: sealcfg set %s %s ''", cli.ShellWord(o.env), cli.ShellWord(o.path))
	}
	return string(b), err
}

// op returns the operation. old is the current field, nil for a new one.
func (o *setOptions) op(t *cli.Target, path envfile.Path, old *envfile.Node, text string) (envfile.Op, error) {
	switch o.typ {
	case "null":
		return envfile.SetNull(path), nil
	case "json":
		return envfile.SetText(path, text).Whole(), nil
	}
	typ := crypto.Type(o.typ)
	canonical := text
	var err error
	switch {
	case typ != "":
		canonical, err = envfile.CanonicalText(typ, text)
	case old != nil && old.Kind == envfile.Value:
		typ = old.Type
		canonical, err = envfile.CanonicalText(typ, text)
	case o.given && o.value != "-":
		typ, canonical = guessType(text)
	default:
		typ = crypto.Str // a password of digits is no number
	}
	if err != nil {
		err = fmt.Errorf("%s: the value is not of type %s", path, typ)
		if o.typ == "" {
			return envfile.Op{}, cli.WithHint(err, "the field has type %s; to make it a string, add: --type str", typ)
		}
		return envfile.Op{}, cli.Usage(err)
	}
	o.app.WarnValue(t, path, typ, text)
	return envfile.Set(path, typ, canonical), nil
}

// guessType is envfile.GuessType for arguments. If the spelling would change (01234 is 668
// in YAML, 1.10 is 1.1), the value is a string.
func guessType(text string) (crypto.Type, string) {
	typ, canonical := envfile.GuessType(text)
	if typ != crypto.Bool && typ != crypto.Time && canonical != text {
		return crypto.Str, text
	}
	return typ, canonical
}

// mayBeUnencrypted is the [checkWrite] of set. A value that is not on the command line
// may be a secret. So it is written unencrypted only with --clear or after a
// confirmation, unless the field has an unencrypted value already.
func (o *setOptions) mayBeUnencrypted(ctx context.Context, t *cli.Target, old *envfile.Sealed, changes []cli.Change) error {
	if o.clear || o.given && o.value != "-" {
		return nil
	}
	unencrypted := map[cli.FieldName]bool{} // an empty value may be a placeholder that anyone added
	for _, f := range cli.FieldInfos(old.Roots(), false) {
		unencrypted[f.FieldName] = !f.Sealed && f.Length > 0 && f.Type != "null"
	}
	var exposed []cli.FieldName
	for _, c := range changes {
		if c.Clear && !unencrypted[c.FieldName] {
			exposed = append(exposed, c.FieldName)
		}
	}
	if len(exposed) == 0 {
		return nil
	}
	a, rules := o.app, old.Metadata().Rules
	if !a.Interactive() {
		return cli.WithHint(cli.Usagef("%s: %s would be written unencrypted, because the rules of the file (%s) do not encrypt it", t.Shown, cli.JoinFields(exposed), rules),
			"if the value is not a secret, add: --clear\notherwise change the selector in .sops.yaml, then run: sealcfg rekey %s", t.Name)
	}
	a.Say("%s: the rules of the file (%s) do not encrypt %s", t.Shown, rules, cli.JoinFields(exposed))
	if err := a.Confirm(ctx, "write the value unencrypted?"); err != nil {
		return err
	}
	o.clear = true
	return nil
}

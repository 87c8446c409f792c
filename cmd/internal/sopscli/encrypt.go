package sopscli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// encrypt implements sops encrypt and sops -e. It does not check whether the user can
// decrypt the result: a user who encrypts for a cluster may have no key, and loading
// an identity may prompt for a passphrase.
func (r *invocation) encrypt(ctx context.Context) error {
	if err := r.oneFile(); err != nil {
		return err
	}
	if (len(r.rest) == 0 || r.rest[0] == "-") && r.str("filename-override") == "" {
		return errorf(codeConflict, "must specify --filename-override when reading from stdin")
	}
	f, err := r.file(codeNoFile)
	if err != nil {
		return err
	}
	rule, err := r.ruleForNew(f.Target)
	if err != nil {
		return err
	}
	text, err := f.text(ctx, r.Stdin)
	if err != nil {
		return err
	}
	plain, err := r.plainDocument(ctx, f, text)
	if err != nil {
		return err
	}
	d, err := r.converted(f, plain)
	if err != nil {
		return err
	}
	// Some tools read stderr as part of the result.
	warns := r.on("in-place") || r.str("output") != "" || r.on("verbose")
	if warns {
		r.warnConverted(f, plain, d)
		r.WarnRepeats(f.Target, f.Format, d.Repeats())
		if err := r.WarnValues(f.Target, d, rule.Rules); err != nil {
			return err
		}
	}
	if err := f.setLocation(ctx, r); err != nil {
		return err
	}
	s, err := cli.SealNew(ctx, f.Target, rule, d)
	if err != nil {
		return f.encryptError(err)
	}
	if warns {
		r.WarnNoneSealed(f.Target, d, s)
	}
	return r.write(ctx, f, s.Bytes(), text, false)
}

// encryptError adds sops's exit code to the error of a value that cannot be encrypted.
func (f *inputFile) encryptError(err error) error {
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) {
		return withCode(f.At(err), codeNoEncrypt)
	}
	return f.At(err)
}

// plainDocument parses the plaintext to encrypt. It rejects a file that is already
// encrypted, in any format.
func (r *invocation) plainDocument(ctx context.Context, f *inputFile, text []byte) (*envfile.Document, error) {
	if len(text) == 0 && f.Format.Name() == envfile.YAML.Name() {
		return nil, errorf(codeEmpty, "File cannot be completely empty, it must contain at least one document: %s", f.Shown)
	}
	d, err := envfile.Parse(f.Format, text)
	if errors.Is(err, envfile.ErrAlreadySealed) {
		return nil, f.At(err)
	}
	if in, encrypted := envfile.Detect(f.Target.Path, text); encrypted {
		return nil, f.At(fmt.Errorf("%w (%s)", envfile.ErrAlreadySealed, in.Name()))
	}
	if err != nil {
		return nil, withCode(prefixed{f.At(err), "Error unmarshalling file: "}, codeNoRead)
	}
	if err := f.MissingMetadata(ctx, d); err != nil {
		return nil, coded{err, codeAlreadyEncrypted}
	}
	return d, nil
}

// converted returns a document converted to the output format.
func (r *invocation) converted(f *inputFile, d *envfile.Document) (*envfile.Document, error) {
	to, from := f.to.Name(), f.Format.Name()
	switch {
	case to == from:
		return d, nil
	case from == "binary" && to == "json": // sops encrypts a binary file as JSON
		return d, nil
	case to == "binary":
		to = "json"
	}
	format, _ := envfile.FormatNamed(to)
	text, err := envfile.Convert(format, d.Roots(), r.indent(format))
	if err != nil {
		return nil, f.At(err)
	}
	d, err = envfile.Parse(format, text)
	return d, f.At(err)
}

// warnConverted warns if a file is written in another format than it is read in,
// because of its name or without its comments.
func (r *invocation) warnConverted(f *inputFile, before, after *envfile.Document) {
	from, to := before.Format().Name(), after.Format().Name()
	if like, _ := envfile.Guess(before.Bytes()); before.Format() == envfile.Binary && f.Detect && like != envfile.Binary {
		r.Warn("%s: the whole file becomes one encrypted value, because its name has no extension that sops knows; it looks like %s\n"+
			"to encrypt its fields instead, add: --input-type %[2]s --output-type %[2]s", f.Shown, like.Name())
	}
	lost := ""
	if n := len(before.Comments()) - len(after.Comments()); n > 0 {
		lost = fmt.Sprintf(", without its %s", cli.Count(n, "comment", "comments"))
	}
	switch {
	case from == to:
	case f.follow && before.Format() != envfile.Binary: // sops uses the name
		r.Warn("%s: read as %s, but written as %s%s, because the output format depends on the name\nto keep the format, add: --output-type %[2]s", f.Shown, from, to, lost)
	case lost != "":
		r.Warn("%s: written as %s%s", f.Shown, to, lost)
	}
}

// awsType is the type of the keys to which --aws-profile and --encryption-context apply.
const awsType = "kms"

// givenRecipients returns the recipients in flags such as --age or, with the prefix
// "add-" or "rm-", in flags such as --add-age.
func (r *invocation) givenRecipients(prefix string) ([]environments.Member, error) {
	given := environments.RecipientFlags{Lists: map[string]string{}}
	for _, kind := range keys.Kinds() {
		given.Lists[kind.Name] = r.str(prefix + kind.Flag.Name)
	}
	var context []keys.Field
	if text := r.str("encryption-context"); text != "" {
		for pair := range strings.SplitSeq(text, ",") {
			name, value, ok := strings.Cut(pair, ":")
			if !ok || strings.Contains(value, ":") {
				return nil, errorf(codeBadContext, "--encryption-context: expected key:value,key:value")
			}
			context = append(context, keys.Field{Name: name, Value: value})
		}
	}
	given.Fields = map[string][]keys.Field{awsType: {{Name: "aws_profile", Value: r.str("aws-profile")}, {Name: "context", Map: context}}}
	for _, kind := range keys.Kinds() {
		only := environments.RecipientFlags{Lists: map[string]string{kind.Name: given.Lists[kind.Name]}}
		if err := cli.CheckGiven(r.origin(prefix+kind.Flag.Name), only.Members()); err != nil {
			return nil, err
		}
	}
	return given.Members(), nil
}

// flagSelectors replaces the selectors of a rule with the selectors on the command line.
// As in sops, a selector of another kind is added to the rule's selector, which is an error.
func (r *invocation) flagSelectors(rules envfile.Rules) (envfile.Rules, error) {
	fields := map[string]*string{
		"unencrypted-suffix": &rules.UnencryptedSuffix, "encrypted-suffix": &rules.EncryptedSuffix,
		"unencrypted-regex": &rules.UnencryptedRegex, "encrypted-regex": &rules.EncryptedRegex,
		"unencrypted-comment-regex": &rules.UnencryptedCommentRegex, "encrypted-comment-regex": &rules.EncryptedCommentRegex,
	}
	var given []string
	for name := range fields {
		if r.str(name) != "" {
			given = append(given, name)
		}
	}
	if len(given) > 0 && rules == (envfile.Rules{MACOnlyEncrypted: rules.MACOnlyEncrypted}).Normal() {
		rules.UnencryptedSuffix = "" // the default for a rule without a selector
	}
	for _, name := range given {
		*fields[name] = r.str(name)
	}
	rules.MACOnlyEncrypted = rules.MACOnlyEncrypted || r.on("mac-only-encrypted")
	rules = rules.Normal()
	if err := rules.Validate(); err != nil {
		return rules, withCode(err, codeConflict)
	}
	return rules, nil
}

// ruleForNew returns the rule for a file that is encrypted for the first time.
// Recipients on the command line replace the rule's recipients. The rule's selectors
// still apply, so a file needs a creation rule wherever there is a .sops.yaml.
func (r *invocation) ruleForNew(t *cli.Target) (*environments.Rule, error) {
	members, err := r.givenRecipients("")
	if err != nil {
		return nil, err
	}
	policy, rule, err := t.Rule()
	switch {
	case err == nil:
	case len(members) > 0 && (errors.Is(err, environments.ErrNoPolicy) || errors.Is(err, environments.ErrNoRule) && !policy.HasRules()):
		rule = &environments.Rule{Rules: envfile.Rules{}.Normal(), MetadataIndent: max(0, r.indent(envfile.YAML))}
	default:
		return nil, err
	}
	own := *rule
	if r.given("indent") {
		own.MetadataIndent = r.number("indent")
	}
	if len(members) > 0 {
		if r.log != nil {
			r.log.given = members
		}
		own.Policy, own.Line, own.Threshold = "the command line", 0, 0 // Policy is for messages
		own.Groups = [][]environments.Member{members}
	}
	if own.Rules, err = r.flagSelectors(own.Rules); err != nil {
		return nil, err
	}
	if threshold := r.number("shamir-secret-sharing-threshold"); threshold != 0 {
		if threshold < 2 || threshold > len(own.Groups) {
			return nil, fmt.Errorf("--shamir-secret-sharing-threshold %d: %s", threshold, thresholdRange(len(own.Groups)))
		}
		own.Threshold = threshold
	}
	return &own, nil
}

func thresholdRange(groups int) string {
	if groups == 1 {
		return "one key group has no threshold"
	}
	return fmt.Sprintf("expected 2 to %d, because the file has %[1]d key groups", groups)
}

// useProfile sets $AWS_PROFILE to --aws-profile for all requests to AWS. sops records
// the profile in a file that it encrypts, and ignores the flag otherwise.
func (r *invocation) useProfile() error {
	profile := r.str("aws-profile")
	if profile == "" || r.Env("AWS_PROFILE") != "" {
		return nil
	}
	return os.Setenv("AWS_PROFILE", profile)
}

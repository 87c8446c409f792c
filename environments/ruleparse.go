package environments

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// The keys that sops supports (config/config.go), in the order in which messages
// prefer them.
var (
	topKeys   = []string{"creation_rules", "destination_rules", "stores"}
	storeKeys = []string{"yaml", "json", "json_binary", "dotenv", "ini"}

	// selectorKeys choose the values to encrypt.
	selectorKeys = []string{
		"encrypted_regex", "unencrypted_regex", "encrypted_suffix", "unencrypted_suffix",
		"encrypted_comment_regex", "unencrypted_comment_regex",
	}
	destinationKeys = []string{
		"path_regex", "s3_bucket", "s3_prefix", "gcs_bucket", "gcs_prefix",
		"vault_path", "vault_address", "vault_kv_mount_name", "vault_kv_version",
		"recreation_rule", "omit_extensions",
	}
)

// ruleKeys returns the keys of a creation rule.
func ruleKeys() []string {
	return slices.Concat([]string{"path_regex", "key_groups", "shamir_threshold", "mac_only_encrypted"},
		flatKeys(), settingKeys(), selectorKeys)
}

// harmlessKeys returns the keys that may be misspelled: without them, a file has the same
// readers, and no fewer values are encrypted or authenticated.
func harmlessKeys() []string { return append(settingKeys(), "mac_only_encrypted") }

// rule reads one creation rule. Its errors do not concern files of other rules.
func (r *reader) rule(n *envfile.Node, what string) *Rule {
	rule := &Rule{Policy: r.path, Line: n.Line, Column: n.Column}
	if n.Kind == envfile.Null {
		r.warnKey(n, "%s is empty; it matches every file and has no recipients", what)
		rule.Rules, rule.Groups = envfile.Rules{}.Normal(), [][]Member{{}}
		return rule
	}
	rule.problems = r.collect(func() { r.ruleFields(n, what, rule) })
	r.keep(rule)
	return rule
}

func (r *reader) ruleFields(n *envfile.Node, what string, rule *Rule) {
	f := r.fields(n, what, ruleKeys(), r.harmless(n, what)...)
	if rule.PathRegex = r.regex(f["path_regex"], "path_regex"); rule.PathRegex != "" {
		rule.path = pattern.New(rule.PathRegex)
	}
	rule.Rules = r.selectors(f)

	flat := r.flatGroup(f)
	if groups := r.list(f["key_groups"], "key_groups"); len(groups) > 0 {
		for _, g := range groups {
			rule.Groups = append(rule.Groups, distinct(r.group(g)))
		}
		r.nextToGroups(rule, f, flat)
	} else {
		rule.Groups = [][]Member{distinct(flat)}
	}
	rule.Threshold = r.threshold(f["shamir_threshold"], len(rule.Groups))
}

// harmless returns the keys that may be misspelled in a rule. If it has a selector, a
// misspelled unencrypted_… encrypts no less than the author wants.
func (r *reader) harmless(n *envfile.Node, what string) []string {
	harmless := harmlessKeys()
	for key, e := range r.merged(n, what).byKey {
		if e != nil && slices.Contains(selectorKeys, key) {
			return append(harmless, "unencrypted_regex", "unencrypted_suffix", "unencrypted_comment_regex")
		}
	}
	return harmless
}

// nextToGroups notes recipients next to key_groups, which sops ignores. They do no harm
// if the only group has all of them.
func (r *reader) nextToGroups(rule *Rule, f map[string]*envfile.Node, flat []Member) {
	if len(flat) == 0 {
		return
	}
	lost := func(m Member) bool {
		return !slices.ContainsFunc(rule.Groups[0], func(in Member) bool { return in.Type == m.Type && in.Recipient == m.Recipient })
	}
	loses := len(rule.Groups) > 1 || slices.ContainsFunc(flat, lost)
	for _, key := range flatKeys() {
		if f[key] == nil {
			continue
		}
		problem := r.collect(func() {
			r.failKey(f[key], "%s is ignored, because the rule also has key_groups; move its recipients into a key group", key)
		})[0]
		r.warnings = append(r.warnings, problem)
		if loses && rule.ignored == nil {
			rule.ignored = problem
		}
	}
}

// keep remembers the members, which get their names when all of the file is read.
func (r *reader) keep(rule *Rule) {
	for _, g := range rule.Groups {
		for i := range g {
			r.members = append(r.members, &g[i])
		}
	}
}

// threshold rejects thresholds that sops reports only when it encrypts.
func (r *reader) threshold(n *envfile.Node, groups int) int {
	t := r.integer(n, "shamir_threshold")
	switch {
	case t < 0:
		r.fail(n, "shamir_threshold must not be negative")
	case groups > 1 && t == 1:
		r.fail(n, "shamir_threshold must be at least 2")
	case groups > 1 && t > groups:
		r.fail(n, "shamir_threshold is %d, but there are only %d key groups", t, groups)
	}
	return t
}

// selectors reads the selectors. It compiles regular expressions, because sops
// treats one that does not compile like one that never matches.
func (r *reader) selectors(f map[string]*envfile.Node) envfile.Rules {
	var rules envfile.Rules
	var first *envfile.Node
	for _, s := range []struct {
		key   string
		value *string
		regex bool
	}{
		{"unencrypted_suffix", &rules.UnencryptedSuffix, false},
		{"encrypted_suffix", &rules.EncryptedSuffix, false},
		{"unencrypted_regex", &rules.UnencryptedRegex, true},
		{"encrypted_regex", &rules.EncryptedRegex, true},
		{"unencrypted_comment_regex", &rules.UnencryptedCommentRegex, true},
		{"encrypted_comment_regex", &rules.EncryptedCommentRegex, true},
	} {
		n := f[s.key]
		if s.regex {
			*s.value = r.regex(n, s.key)
		} else {
			*s.value = r.text(n, s.key)
		}
		if n == nil || n.Kind == envfile.Value && n.Text == "" {
			continue
		}
		if first != nil {
			earlier, later := first, n
			if before(later, earlier) {
				earlier, later = later, earlier
			}
			r.failKey(later, "%s and %s cannot be combined in one rule", earlier.Key, later.Key)
		}
		first = n
	}
	rules.MACOnlyEncrypted = r.boolean(f["mac_only_encrypted"], "mac_only_encrypted")
	return rules.Normal()
}

// before reports whether a is above or left of b.
func before(a, b *envfile.Node) bool {
	return a.KeyLine < b.KeyLine || a.KeyLine == b.KeyLine && a.KeyColumn < b.KeyColumn
}

// destination checks a rule of "sops publish", which sealcfg does not have. All it
// finds are warnings.
func (r *reader) destination(n *envfile.Node) {
	r.warnings = append(r.warnings, r.collect(func() { r.destinationFields(n) })...)
}

func (r *reader) destinationFields(n *envfile.Node) {
	f := r.fields(n, "a destination rule", destinationKeys)
	r.regex(f["path_regex"], "path_regex")
	r.integer(f["vault_kv_version"], "vault_kv_version")
	r.boolean(f["omit_extensions"], "omit_extensions")
	for _, key := range destinationKeys {
		if strings.HasPrefix(key, "s3_") || strings.HasPrefix(key, "gcs_") || strings.HasPrefix(key, "vault_") && key != "vault_kv_version" {
			r.text(f[key], key)
		}
	}
	if n := f["recreation_rule"]; n != nil {
		r.problems = append(r.problems, r.rule(n, "a recreation rule").problems...)
	}
}

// stores reads the options of sops's own writers. Files keep their layout, so the
// options apply only to new text: the metadata of new YAML files, new files that
// are encrypted as one value, and converted files.
func (r *reader) stores(n *envfile.Node) {
	f := r.fields(n, "stores", storeKeys, storeKeys...)
	for _, key := range storeKeys {
		store := f[key]
		if store == nil {
			continue
		}
		var known []string
		if key != "dotenv" && key != "ini" {
			known = []string{"indent"}
		}
		at := r.fields(store, "stores."+key, known, known...)["indent"]
		if at == nil {
			continue
		}
		indent := r.integer(at, "indent")
		switch {
		case key == "yaml" && indent < 0:
			r.warnKey(at, "indent must not be negative; it is ignored")
		case indent < -1:
			r.warnKey(at, "indent must be -1 (tabs) or more; it is ignored")
		default:
			r.indents[key] = indent
		}
	}
}

package environments

import (
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// The keys that sops knows (config/config.go), in the order in which messages
// should prefer them.
var (
	topKeys   = []string{"creation_rules", "destination_rules", "stores"}
	storeKeys = []string{"yaml", "json", "json_binary", "dotenv", "ini"}

	ruleKeys = []string{
		"path_regex", "age", "pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri",
		"key_groups", "shamir_threshold", "aws_profile", "mac_only_encrypted",
		"encrypted_regex", "unencrypted_regex", "encrypted_suffix", "unencrypted_suffix",
		"encrypted_comment_regex", "unencrypted_comment_regex",
	}

	destinationKeys = []string{
		"path_regex", "s3_bucket", "s3_prefix", "gcs_bucket", "gcs_prefix",
		"vault_path", "vault_address", "vault_kv_mount_name", "vault_kv_version",
		"recreation_rule", "omit_extensions",
	}
)

// rule reads one creation rule.
func (r *reader) rule(n *envfile.Node, what string) *Rule {
	f := r.fields(n, what, ruleKeys)
	rule := &Rule{Policy: r.path, Line: n.Line, Column: n.Column}
	rule.path = r.regex(f["path_regex"], "path_regex")
	if rule.path != nil {
		rule.PathRegex = rule.path.String()
	}
	rule.Rules = r.selectors(f)

	flat := r.flatGroup(f)
	if groups := r.list(f["key_groups"], "key_groups"); len(groups) > 0 {
		for _, g := range groups {
			rule.Groups = append(rule.Groups, distinct(r.group(g)))
		}
	} else {
		rule.Groups = [][]Member{distinct(flat)}
	}
	rule.Threshold = r.threshold(f["shamir_threshold"], len(rule.Groups))
	r.keep(rule)
	return rule
}

// keep remembers the members, which get their names when all of the file is read.
func (r *reader) keep(rule *Rule) {
	for _, g := range rule.Groups {
		for i := range g {
			r.members = append(r.members, &g[i])
		}
	}
}

// threshold refuses what sops finds out only when it seals.
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

// selectors reads what is sealed. Regexes are compiled here, because sops takes
// one that does not compile for one that matches nothing.
func (r *reader) selectors(f map[string]*envfile.Node) envfile.Rules {
	var rules envfile.Rules
	var set []string
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
			if re := r.regex(n, s.key); re != nil {
				*s.value = re.String()
			}
		} else {
			*s.value = r.text(n, s.key)
		}
		if n == nil || n.Kind == envfile.Value && n.Text == "" {
			continue
		}
		if len(set) > 0 {
			r.failKey(n, "%s and %s exclude each other in one rule", set[0], s.key)
		}
		set = append(set, s.key)
	}
	rules.MACOnlyEncrypted = r.boolean(f["mac_only_encrypted"], "mac_only_encrypted")
	return rules.Normal()
}

// destination checks a rule of "sops publish", which nothing here obeys.
func (r *reader) destination(n *envfile.Node) {
	f := r.fields(n, "a destination rule", destinationKeys)
	r.regex(f["path_regex"], "path_regex")
	r.integer(f["vault_kv_version"], "vault_kv_version")
	r.boolean(f["omit_extensions"], "omit_extensions")
	for _, key := range destinationKeys {
		if strings.HasPrefix(key, "s3_") || strings.HasPrefix(key, "gcs_") || strings.HasPrefix(key, "vault_") && key != "vault_kv_version" {
			r.text(f[key], key)
		}
	}
	if rule := f["recreation_rule"]; rule != nil {
		r.rule(rule, "a recreation rule")
	}
}

// stores reads the options of sops's own writers. Files keep their shape, so
// only what has none yet obeys them: the metadata of new YAML files, new files
// that are sealed as one value, and what is converted.
func (r *reader) stores(n *envfile.Node) {
	f := r.fields(n, "stores", storeKeys)
	for _, key := range storeKeys {
		store := f[key]
		if store == nil {
			continue
		}
		var known []string
		if key != "dotenv" && key != "ini" {
			known = []string{"indent"}
		}
		at := r.fields(store, "stores."+key, known)["indent"]
		if at == nil {
			continue
		}
		indent := r.integer(at, "indent")
		switch {
		case key == "yaml" && indent < 0:
			r.fail(at, "indent must not be negative")
		case indent < -1:
			r.fail(at, "indent must be -1 (tabs) or more")
		}
		r.indents[key] = indent
	}
}

package keys

import (
	"path"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/internal/pattern"
)

// table lists the kinds of keys of the SOPS format, in the order in which sops reads
// them from a creation rule.
var table = []*Kind{
	{
		Name: AgeType, Title: "age", Local: true,
		Fields: []string{"recipient"}, Reach: []string{"recipient"},
		RuleKey: "age", GroupKey: "age", SplitGroup: true,
		Parse:     func(text string) (string, []Field) { return whole("recipient", text) },
		Recognize: func(text string) bool { return ageForm().MatchString(text) },
		Flag:      FlagOfKind{Name: "age", Short: "a", Variable: "SOPS_AGE_RECIPIENTS", Keys: "age recipients"},
		ReadOrder: 7, FlagOrder: 7,
		Log: LogOfKind{Name: "AGE", Success: "succeeded", Fields: func(s *Stanza, verb string) []Field {
			if verb == "decrypt" {
				return nil
			}
			return []Field{{Name: "recipient", Value: s.Field("recipient")}}
		}},
	},
	{
		Name: "pgp", Title: "gpg", Import: importPath + "pgp", Local: true,
		Fields: []string{"fp"}, Reach: []string{"fp"},
		RuleKey: "pgp", GroupKey: "pgp",
		Parse:      func(text string) (string, []Field) { return withoutSpaces("fp", text) }, // gpg prints fingerprints in groups of four
		Recognize:  func(text string) bool { return pgpForm().MatchString(strings.ReplaceAll(text, " ", "")) },
		WellFormed: isFingerprint,
		Flag:       FlagOfKind{Name: "pgp", Short: "p", Variable: "SOPS_PGP_FP", Keys: "PGP fingerprints"},
		ReadOrder:  6, FlagOrder: 5,
		Log:      LogOfKind{Name: "PGP", Success: "succeeded", Fields: func(s *Stanza, _ string) []Field { return logged(s, "fingerprint", "fp") }},
		Hint:     "gpg --list-secret-keys shows which keys you have; on a terminal it asks for a passphrase only with GPG_TTY=$(tty)",
		WrapHint: "import the public key with gpg --import; it must not be expired, and must be able to encrypt; to list your keys, run: gpg --list-keys",
	},
	{
		Name: "kms", Title: "AWS KMS", Import: importPath + "aws",
		Fields: []string{"arn", "role", "context", "aws_profile"}, Reach: []string{"arn", "role", "aws_profile"},
		RuleKey: "kms", Settings: []string{"aws_profile"}, GroupKey: "kms",
		Entry: []EntryField{
			{Key: "context", Field: "context", Map: true}, {Key: "arn", Field: "arn", Required: true},
			{Key: "role", Field: "role"}, {Key: "aws_profile", Field: "aws_profile"},
		},
		Parse: parseARN, Format: formatARN,
		Recognize:  func(text string) bool { return arnForm().MatchString(text) },
		WellFormed: func(text string) bool { return strings.HasPrefix(text, "arn:") },
		Flag:       FlagOfKind{Name: "kms", Short: "k", Variable: "SOPS_KMS_ARN", Keys: "AWS KMS keys"},
		ReadOrder:  1, FlagOrder: 1,
		Log:  LogOfKind{Name: "AWSKMS", Success: "succeeded", Fields: func(s *Stanza, _ string) []Field { return logged(s, "arn", "arn") }},
		Hint: "it takes the login of the aws command: aws sts get-caller-identity shows it, $AWS_PROFILE chooses another",
	},
	{
		Name: "gcp_kms", Title: "Google Cloud KMS", Import: importPath + "gcp",
		Fields: []string{"resource_id"}, Reach: []string{"resource_id"},
		RuleKey: "gcp_kms", GroupKey: "gcp_kms",
		Entry:      []EntryField{{Key: "resource_id", Field: "resource_id", Required: true}},
		Parse:      func(text string) (string, []Field) { return withoutSpaces("resource_id", text) },
		Recognize:  func(text string) bool { return gcpForm().MatchString(text) },
		WellFormed: func(text string) bool { return strings.HasPrefix(text, "projects/") },
		Flag:       FlagOfKind{Name: "gcp-kms", Variable: "SOPS_GCP_KMS_IDS", Keys: "GCP KMS keys"},
		ReadOrder:  2, FlagOrder: 2,
		Log:  LogOfKind{Name: "GCPKMS", Success: "succeeded", Fields: func(s *Stanza, _ string) []Field { return logged(s, "resourceID", "resource_id") }},
		Hint: "it takes the login of gcloud auth application-default login, or $GOOGLE_CREDENTIALS",
	},
	{
		Name: "hckms", Title: "Huawei Cloud KMS", Import: importPath + "huawei",
		Fields: []string{"key_id"}, Reach: []string{"key_id"},
		RuleKey: "hckms", ListOnly: true, GroupKey: "hckms",
		Entry:      []EntryField{{Key: "key_id", Field: "key_id", Required: true}},
		Parse:      func(text string) (string, []Field) { return whole("key_id", text) },
		Recognize:  func(text string) bool { return huaweiForm().MatchString(text) },
		WellFormed: func(text string) bool { return strings.Contains(text, ":") },
		Flag:       FlagOfKind{Name: "hckms", Variable: "SOPS_HUAWEICLOUD_KMS_IDS", Keys: "Huawei KMS keys"},
		ReadOrder:  3, FlagOrder: 3,
		Log:  LogOfKind{Name: "HCKMS", Success: "succeeded", Fields: func(s *Stanza, _ string) []Field { return logged(s, "keyID", "key_id") }},
		Hint: "it takes $HUAWEICLOUD_SDK_AK, $HUAWEICLOUD_SDK_SK and $HUAWEICLOUD_SDK_PROJECT_ID",
	},
	{
		Name: "azure_kv", Title: "Azure Key Vault", Import: importPath + "azure",
		Fields: []string{"vault_url", "name", "version"}, Reach: []string{"vault_url", "name"}, Newest: "version",
		RuleKey: "azure_keyvault", GroupKey: "azure_keyvault",
		Entry: []EntryField{
			{Key: "vaultUrl", Field: "vault_url", Required: true}, {Key: "key", Field: "name", Required: true}, {Key: "version", Field: "version"},
		},
		Parse: parseAzure, Format: formatAzure,
		Recognize: func(text string) bool { return azureForm().MatchString(text) },
		Flag:      FlagOfKind{Name: "azure-kv", Variable: "SOPS_AZURE_KEYVAULT_URLS", Keys: "Azure Key Vault keys"},
		ReadOrder: 4, FlagOrder: 4,
		Log:  LogOfKind{Name: "AZKV", Success: "succeeded", Fields: func(s *Stanza, _ string) []Field { return logged(s, "key", "name", "version", "version") }},
		Hint: "it takes the login of az login, or $AZURE_TENANT_ID, $AZURE_CLIENT_ID and $AZURE_CLIENT_SECRET",
	},
	{
		Name: "hc_vault", Title: "HashiCorp Vault", Import: importPath + "vault",
		Fields: []string{"vault_address", "engine_path", "key_name"}, Reach: []string{"vault_address", "engine_path", "key_name"},
		RuleKey: "hc_vault_transit_uri", GroupKey: "hc_vault",
		Parse:     parseVault,
		Recognize: func(text string) bool { return vaultForm().MatchString(text) },
		Flag:      FlagOfKind{Name: "hc-vault-transit", Variable: "SOPS_VAULT_URIS", Keys: "Vault transit keys"},
		ReadOrder: 5, FlagOrder: 6,
		Log: LogOfKind{Name: "VAULT_TRANSIT", Success: "successful", Fields: func(s *Stanza, verb string) []Field {
			return []Field{{Name: "Path", Value: path.Join(s.Field("engine_path"), verb, s.Field("key_name"))}}
		}},
		Hint: "it takes the token of vault login, or $VAULT_TOKEN",
	},
}

// importPath begins the paths of the packages with providers.
const importPath = "github.com/sealcfg/sealcfg/services/"

var (
	ageForm    = pattern.New(`^(age1[0-9a-z]+|ssh-(ed25519|rsa) .+)$`)
	pgpForm    = pattern.New(`^(0x)?([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$`)
	arnForm    = pattern.New(`^arn:aws[0-9a-z-]*:kms:`)
	gcpForm    = pattern.New(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`)
	huaweiForm = pattern.New(`^[a-z]+(-[0-9a-z]+)+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// azureForm is the address of the vault, "keys", name, version.
	azureForm = pattern.New(`^(https://[^/]+)/keys/([^/]+)(?:/([^/]*))?$`)
	// vaultForm is the address, version of the API, path of the engine, "keys", name.
	vaultForm = pattern.New(`^(https?://[^/]+)/v[0-9]+/(.+)/[^/]+/([^/]+)/?$`)
)

// whole is the [Kind.Parse] of keys with one field.
func whole(field, text string) (string, []Field) { return text, []Field{{Name: field, Value: text}} }

// withoutSpaces is whole for keys in which spaces have no meaning.
func withoutSpaces(field, text string) (string, []Field) {
	return whole(field, strings.ReplaceAll(text, " ", ""))
}

// isFingerprint accepts a fingerprint or a long key ID, with the marks of gpg.
func isFingerprint(text string) bool {
	digits := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(text), "0x"), "!")
	return len(digits) >= 16 && strings.Trim(digits, "0123456789abcdef") == ""
}

// parseARN reads arn or arn+role.
func parseARN(text string) (string, []Field) {
	arn, role := strings.ReplaceAll(text, " ", ""), ""
	if i := strings.Index(arn, "+arn:"); i > 0 {
		arn, role = arn[:i], arn[i+1:]
	}
	fields := []Field{{Name: "arn", Value: arn}}
	if role != "" {
		fields = append(fields, Field{Name: "role", Value: role})
	}
	return formatARN(fields), fields
}

// formatARN returns arn[+role][|key:value,…[|profile]].
func formatARN(fields []Field) string {
	text := valueOf(fields, "arn")
	if role := valueOf(fields, "role"); role != "" {
		text += "+" + role
	}
	var context string
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == "context" }); i >= 0 {
		context = pairs(fields[i].Map)
	}
	profile := valueOf(fields, "aws_profile")
	if context != "" || profile != "" {
		text += "|" + context
	}
	if profile != "" {
		text += "|" + profile
	}
	return text
}

func parseAzure(text string) (string, []Field) {
	p := azureForm().FindStringSubmatch(text)
	if p == nil {
		return text, nil
	}
	fields := []Field{{Name: "vault_url", Value: p[1]}, {Name: "name", Value: p[2]}}
	if p[3] != "" {
		fields = append(fields, Field{Name: "version", Value: p[3]})
	}
	return formatAzure(fields), fields
}

// formatAzure returns URL/keys/name[/version].
func formatAzure(fields []Field) string {
	text := valueOf(fields, "vault_url") + "/keys/" + valueOf(fields, "name")
	if version := valueOf(fields, "version"); version != "" {
		text += "/" + version
	}
	return text
}

func parseVault(text string) (string, []Field) {
	p := vaultForm().FindStringSubmatch(text)
	if p == nil {
		return text, nil
	}
	return strings.TrimSuffix(text, "/"), []Field{
		{Name: "vault_address", Value: p[1]}, {Name: "engine_path", Value: p[2]}, {Name: "key_name", Value: p[3]},
	}
}

// logged returns fields of a stanza under other names. names are pairs of the name in
// the log and the name of the field.
func logged(s *Stanza, names ...string) []Field {
	var fields []Field
	for i := 0; i+1 < len(names); i += 2 {
		fields = append(fields, Field{Name: names[i], Value: s.Field(names[i+1])})
	}
	return fields
}

package privatekey

import (
	"strings"
)

// Variables name or hold a key or a credential, for sealcfg, sops or the library of a
// key service.
var Variables = []string{
	"SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
	"SOPS_GPG_EXEC", "GNUPGHOME",
	"VAULT_TOKEN", "VAULT_CACERT", "VAULT_CACERT_BYTES", "VAULT_CAPATH", "VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY", "VAULT_HEADERS",
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_PASSWORD",
	"GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS",
	"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_REGIONS_FILE",
}

// shortestValue is the length of the shortest value that is hidden: a shorter one may
// be an ordinary word.
const shortestValue = 8

// HideVariables returns text with the name of each variable of [Variables] instead of
// its value, unless the value is a path that exists. The libraries of key services quote
// paths that they cannot open, and a credential may be in the wrong variable.
func HideVariables(text string, lookup func(string) (string, bool), exists func(path string) bool) string {
	for _, name := range Variables {
		value, ok := lookup(name)
		if !ok || len(value) < shortestValue || exists(value) {
			continue
		}
		for _, form := range []string{value, strings.Join(strings.Fields(value), " "), strings.ReplaceAll(value, `"`, `\"`)} {
			text = hideValue(text, form, "$"+name)
		}
	}
	return text
}

// hideValue replaces value in text, also if the text was cut within it.
func hideValue(text, value, name string) string {
	if len(value) < shortestValue {
		return text
	}
	first := value[:min(len(value), 12)]
	for from := 0; ; {
		i := strings.Index(text[from:], first)
		if i < 0 {
			return text
		}
		i += from
		n := len(first)
		for n < len(value) && i+n < len(text) && text[i+n] == value[n] {
			n++
		}
		from = i + n
		if n == len(value) || strings.HasPrefix(strings.TrimSpace(text[from:]), "…") {
			text = text[:i] + name + text[from:]
			from = i + len(name)
		}
	}
}

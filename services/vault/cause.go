package vault

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/sealcfg/sealcfg/keys/keycall"
	"github.com/sealcfg/sealcfg/services/vault/internal/vaultcause"
)

var (
	// answer matches an error response in the form of Vault's library: the status
	// code, then the messages of Vault or the body of another server.
	answer = regexp.MustCompile(`(?s)Code: ([0-9]+)\. (Errors|Raw Message):\n\n(.*)$`)
	about  = regexp.MustCompile(`^failed to (en|de)crypt sops data key (to|from) Vault transit backend '[^']*': `)
)

// cause returns the reason why a call failed, on one line.
func cause(err error) error {
	text := err.Error()
	if a := answer.FindStringSubmatch(text); a != nil {
		said := ""
		if a[2] == "Errors" { // otherwise it is not an answer of Vault, and may repeat the request
			said = vaultcause.Messages(a[3])
		}
		if said == "" {
			said = "no reason given"
		}
		return fmt.Errorf("%s (HTTP %s)", said, a[1])
	}
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s", keycall.OneLine(u.Err.Error()))
	}
	if strings.HasPrefix(text, "Allowlist does not allow") {
		return errors.New("$SOPS_HC_VAULT_ALLOWLIST does not allow this server")
	}
	return errors.New(keycall.FirstLine(about.ReplaceAllString(text, "")))
}

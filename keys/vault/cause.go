package vault

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/sealcfg/sealcfg/internal/errtext"
	"github.com/sealcfg/sealcfg/internal/vaultcause"
)

var (
	// answer is how Vault's library spells an answer that is an error: the code,
	// and either the messages of Vault or the body of something else.
	answer = regexp.MustCompile(`(?s)Code: ([0-9]+)\. (Errors|Raw Message):\n\n(.*)$`)
	about  = regexp.MustCompile(`^failed to (en|de)crypt sops data key (to|from) Vault transit backend '[^']*': `)
)

// cause says on one line why a call failed.
func cause(err error) error {
	text := err.Error()
	if a := answer.FindStringSubmatch(text); a != nil {
		said := ""
		if a[2] == "Errors" { // else it is not Vault that speaks, and it may repeat the request
			said = vaultcause.Messages(a[3])
		}
		if said == "" {
			said = "no reason given"
		}
		return fmt.Errorf("%s (HTTP %s)", said, a[1])
	}
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s", errtext.OneLine(u.Err.Error()))
	}
	if strings.HasPrefix(text, "Allowlist does not allow") {
		return errors.New("$SOPS_HC_VAULT_ALLOWLIST does not allow this server")
	}
	return errors.New(errtext.FirstLine(about.ReplaceAllString(text, "")))
}

// Package vaultcause reads the error responses of HashiCorp Vault.
package vaultcause

import (
	"regexp"
	"strings"

	"github.com/sealcfg/sealcfg/keys/keycall"
)

var count = regexp.MustCompile(`^[0-9]+ errors? occurred:$`)

// Messages joins the points of a list on one line: "2 errors occurred:\n\t* a\n\t* b\n".
func Messages(text string) string {
	var all []string
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "* ")
		if line != "" && !count.MatchString(line) {
			all = append(all, line)
		}
	}
	return keycall.OneLine(strings.Join(all, "; "))
}

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// malformed reports whether a recipient does not have the form of its type. Those of
// key services are not parsed before they are used.
func malformed(m environments.Member) bool {
	switch m.Type {
	case "kms":
		return !strings.HasPrefix(m.Recipient, "arn:")
	case "gcp_kms":
		return !strings.HasPrefix(m.Recipient, "projects/")
	case "hckms":
		return !strings.Contains(m.Recipient, ":")
	case "pgp":
		digits := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(m.Recipient), "0x"), "!")
		return len(digits) < 16 || strings.Trim(digits, "0123456789abcdef") != ""
	}
	return m.Fields == nil
}

// checkGiven rejects malformed recipients of a flag or variable, which from names. Its
// value may be a private key, so the error does not quote it.
func checkGiven(from string, members []environments.Member) error {
	for i, m := range members {
		var err error
		if malformed(m) {
			err = errors.New("malformed")
		} else {
			_, err = recipientOf(&keys.Stanza{Type: m.Type, Fields: m.Fields})
		}
		var missing *keys.MissingKindError
		var unknown *keys.UnknownTypeError
		switch {
		case keys.IsAgeSecret(m.Recipient):
			return withHint(fmt.Errorf("%s holds a private key, expected a recipient", from), "print your recipient: sealcfg key show")
		case err == nil:
		case errors.As(err, &missing), errors.As(err, &unknown):
			return fmt.Errorf("%s: %w", from, err)
		default:
			return fmt.Errorf("%s: malformed %s recipient (number %d of %d)", from, m.Type, i+1, len(members))
		}
	}
	return nil
}

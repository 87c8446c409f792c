// Package awscause describes on one line why a call of AWS's library failed.
package awscause

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/sealcfg/sealcfg/keys/keycall"
)

// apiError is the error type of AWS's library for an error response.
type apiError interface {
	error
	ErrorCode() string
	ErrorMessage() string
}

// Text is the text of [Of].
func Text(err error) string { return Of(err).Error() }

// Of returns the cause. It keeps the first line of a message of AWS: the further
// lines, about a signature that does not match, repeat the request.
func Of(err error) error {
	text := err.Error()
	var api apiError
	switch {
	case strings.Contains(text, "failed to refresh cached credentials"):
		return fmt.Errorf("no AWS credentials: %s", reason(text))
	case errors.As(err, &api):
		text = api.ErrorCode()
		if said := keycall.FirstLine(api.ErrorMessage()); said != "" {
			text += ": " + said
		}
	default:
		text = reason(text)
	}
	if role := assumed.FindString(err.Error()); role != "" {
		text = role + ": " + text
	}
	return errors.New(text)
}

var assumed = regexp.MustCompile(`failed to assume role '[^']*'`)

// reason removes the description of the failed operation from an error of AWS's
// library.
func reason(text string) string {
	for _, about := range []string{"request send failed, ", "failed to refresh cached credentials, "} {
		if i := strings.LastIndex(text, about); i >= 0 {
			text = text[i+len(about):]
		}
	}
	return keycall.FirstLine(text)
}

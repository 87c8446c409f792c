// Package awscause says on one line why a call of AWS's library failed.
package awscause

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/sealcfg/sealcfg/internal/errtext"
)

// apiError is what AWS answers, in the words of its library.
type apiError interface {
	error
	ErrorCode() string
	ErrorMessage() string
}

// Text is the text of [Of].
func Text(err error) string { return Of(err).Error() }

// Of returns the cause. Of a message of AWS it takes the first line: those that
// follow, about a signature that does not fit, repeat the request.
func Of(err error) error {
	text := err.Error()
	var api apiError
	switch {
	case strings.Contains(text, "failed to refresh cached credentials"):
		return fmt.Errorf("no credentials of AWS: %s", reason(text))
	case errors.As(err, &api):
		text = api.ErrorCode()
		if said := errtext.FirstLine(api.ErrorMessage()); said != "" {
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

// reason cuts off what AWS's library was about when an error came up.
func reason(text string) string {
	for _, about := range []string{"request send failed, ", "failed to refresh cached credentials, "} {
		if i := strings.LastIndex(text, about); i >= 0 {
			text = text[i+len(about):]
		}
	}
	return errtext.FirstLine(text)
}

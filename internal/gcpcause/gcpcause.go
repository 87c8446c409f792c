// Package gcpcause ends the retries of Google's library, and says why a call of it
// failed.
package gcpcause

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxAttempts makes up for a hiccup of the network. It takes half a second.
const maxAttempts = 3

type attempts struct{}

// Attempts returns a context whose calls are counted apart from others of the same
// connection.
func Attempts(ctx context.Context) context.Context {
	return context.WithValue(ctx, attempts{}, new(int))
}

// GiveUp ends the retries of Google's client, which would go on for as long as
// the context allows and then say nothing of the cause: it retries what has the
// status Unavailable, and what GiveUp returns has none. A connection is for one call,
// or for those of [Attempts].
func GiveUp() grpc.UnaryClientInterceptor {
	own := new(int)
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		count, ok := ctx.Value(attempts{}).(*int)
		if !ok {
			count = own
		}
		err := call(ctx, method, req, reply, conn, opts...)
		if err == nil {
			*count = 0
			return nil
		}
		if *count++; *count >= maxAttempts && status.Code(err) == codes.Unavailable {
			return errors.New(status.Convert(err).Message())
		}
		return err
	}
}

// Text picks out what the service answered, or why it could not be asked.
// Errors about credentials may quote bytes of them, so they are not passed on.
func Text(err error) string {
	var api *apierror.APIError
	var malformed *json.SyntaxError
	var transport *url.Error
	switch {
	case errors.As(err, &api):
		if s := api.GRPCStatus(); s != nil && s.Code() != codes.Unknown {
			return fmt.Sprintf("%s: %s", s.Code(), s.Message())
		}
		return api.Error()
	case errors.As(err, &malformed):
		return "the credentials are neither a file nor valid JSON"
	case strings.Contains(err.Error(), "could not parse key"):
		return "the private key of the credentials cannot be parsed"
	case errors.As(err, &transport):
		return transport.Err.Error()
	}
	return err.Error()
}

// Package gcpcause limits the retries of Google's library, and describes why a call
// of it failed.
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

// maxAttempts allows for a short failure of the network. The attempts take half a
// second.
const maxAttempts = 3

type attempts struct{}

// Attempts returns a context whose calls are counted separately from other calls on
// the same connection.
func Attempts(ctx context.Context) context.Context {
	return context.WithValue(ctx, attempts{}, new(int))
}

// GiveUp limits the retries of Google's client. Without it, the client repeats a
// call that fails with the status Unavailable until the context ends, and then does
// not report the cause. The error that GiveUp returns does not have this status. A
// connection is for one call, or for the calls of [Attempts].
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

// Text returns the error response of the service, or the reason why it could not be
// reached. Errors about credentials may quote bytes of them, so Text replaces them.
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

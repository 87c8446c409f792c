package kmswire

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealcfg/sealcfg/keys"
)

// A service is the client of one of the helper's key services.
type service struct {
	h   *Helper
	typ string
}

func (s service) Type() string { return s.typ }

func (s service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	a, err := s.h.call(ctx, OpWrap, key, secret)
	switch {
	case err != nil:
		return nil, err
	case a.Error != nil:
		return nil, s.failed(ctx, OpWrap, a.Error)
	case a.Stanza == nil || a.Stanza.Type != s.typ || a.Stanza.Wrapped == "":
		return nil, s.wrongAnswer()
	}
	return fromWire(a.Stanza), nil
}

func (s service) Unwrap(ctx context.Context, stanza *keys.Stanza) ([]byte, error) {
	a, err := s.h.call(ctx, OpUnwrap, stanza, nil)
	switch {
	case err != nil:
		return nil, err
	case a.Error != nil:
		return nil, s.failed(ctx, OpUnwrap, a.Error)
	case a.Secret == nil:
		return nil, s.wrongAnswer()
	}
	return a.Secret, nil
}

func (s service) failed(ctx context.Context, op string, e *Error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return &ServiceError{Type: s.typ, Op: op, Kind: e.Kind, Text: e.Text}
}

func (s service) wrongAnswer() error {
	err := &BrokenError{Path: s.h.path, err: fmt.Errorf("%w: %w", ErrMalformed, errors.New("the response does not fit the request"))}
	s.h.end(err)
	s.h.stopSoon()
	return err
}

package kmswire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os/exec"
	"sync"
	"time"

	"github.com/sealcfg/sealcfg/internal/pattern"
	"github.com/sealcfg/sealcfg/keys"
)

// A VersionError says that the other side speaks another version of the protocol.
type VersionError struct {
	Theirs int
	Path   string // of the helper, "" in the helper itself
}

func (e *VersionError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("sealcfg speaks version %d of the protocol, this program version %d", e.Theirs, Protocol)
	}
	return fmt.Sprintf("%s speaks version %d of the protocol, sealcfg version %d", e.Path, e.Theirs, Protocol)
}

// farewell is how long requests get to notice that they have been cancelled:
// programs that a service runs are to be ended before the helper is.
const farewell = time.Second

// Serve answers the requests that come from in until it ends, each in a
// goroutine of its own, with the given services. version is shown to people.
// What is under way when in ends is cancelled.
func Serve(ctx context.Context, in io.Reader, out io.Writer, version string, services []keys.Service) error {
	s := &server{out: NewWriter(out), byType: map[string]keys.Service{}, running: map[uint64]context.CancelFunc{}}
	hello := Hello{Protocol: Protocol, Version: version}
	for _, service := range services {
		s.byType[service.Type()] = service
		hello.Types = append(hello.Types, service.Type())
	}
	r := NewReader(in)
	theirs, err := r.Hello()
	if errors.Is(err, io.EOF) {
		return nil // nothing was wanted
	}
	if err != nil {
		return fmt.Errorf("read the first line: %w", err)
	}
	if err := s.out.Write(hello); err != nil {
		return err
	}
	if theirs.Protocol != Protocol {
		return &VersionError{Theirs: theirs.Protocol}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer s.wait()
	defer cancel()
	for {
		q, err := r.Request()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.take(ctx, q)
		}
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
	}
}

type server struct {
	out    *Writer
	byType map[string]keys.Service

	mu      sync.Mutex
	running map[uint64]context.CancelFunc
	work    sync.WaitGroup
}

var errTwice = fmt.Errorf("%w: an id that is in use", ErrMalformed)

// take begins a request, or cancels one.
func (s *server) take(ctx context.Context, q *Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cancel := s.running[q.ID]
	switch {
	case q.Op == OpCancel && cancel != nil:
		cancel()
		return nil
	case q.Op == OpCancel:
		return nil // it has been answered meanwhile
	case cancel != nil:
		return errTwice
	}
	ctx, cancel = context.WithCancel(ctx)
	s.running[q.ID] = cancel
	s.work.Go(func() {
		a := s.answer(ctx, q)
		s.mu.Lock()
		delete(s.running, q.ID)
		s.mu.Unlock()
		cancel()
		a.ID = q.ID
		if err := s.out.Write(a); errors.Is(err, ErrLineTooLong) {
			_ = s.out.Write(&Response{ID: q.ID, Error: &Error{Text: err.Error(), Kind: Failed}})
		} // else sealcfg has gone, and in ends
		clear(a.Secret)
	})
	return nil
}

func (s *server) answer(ctx context.Context, q *Request) (a *Response) {
	defer clear(q.Secret)
	defer func() {
		if recover() != nil { // the value may quote what the service was given
			a = failed(errors.New("the service's library has crashed"))
		}
	}()
	service := s.byType[q.Stanza.Type]
	if service == nil {
		return &Response{Error: &Error{Text: fmt.Sprintf("no service for keys of type %q", q.Stanza.Type), Kind: Unsupported}}
	}
	if q.Op == OpWrap {
		stanza, err := service.Wrap(ctx, fromWire(q.Stanza), q.Secret)
		if err != nil {
			return failed(err)
		}
		return &Response{Stanza: toWire(stanza)}
	}
	secret, err := service.Unwrap(ctx, fromWire(q.Stanza))
	switch {
	case err != nil:
		return failed(err)
	case len(secret) == 0 || len(secret) > maxSecret:
		return failed(errors.New("what was wrapped is not a data key"))
	}
	return &Response{Secret: secret}
}

func failed(err error) *Response {
	return &Response{Error: &Error{Text: err.Error(), Kind: kindOf(err)}}
}

func kindOf(err error) Kind {
	var network net.Error
	var start *fs.PathError
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, exec.ErrNotFound),
		errors.As(err, &start) && start.Op == "fork/exec" && errors.Is(err, fs.ErrNotExist):
		return NoProgram
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network), noAnswer().MatchString(err.Error()):
		return Unreachable
	}
	return Failed
}

// noAnswer finds in an error that nobody has answered. The services tell an error
// in one line of text and keep what their library said of it to themselves, so the
// words of package net and of the systems are what is left.
var noAnswer = pattern.New(`no such host|connection (refused|reset)|actively refused|network is unreachable|no route to host|i/o timeout`)

// wait lets requests that were cancelled end, for a short while.
func (s *server) wait() {
	done := make(chan struct{})
	go func() {
		s.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(farewell):
	}
}

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

// A VersionError reports that the other program uses another version of the protocol.
type VersionError struct {
	Theirs int
	Path   string // of the helper, "" in the helper itself
}

func (e *VersionError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("sealcfg uses version %d of the protocol, this program uses version %d", e.Theirs, Protocol)
	}
	return fmt.Sprintf("%s uses version %d of the protocol, sealcfg uses version %d", e.Path, e.Theirs, Protocol)
}

// gracePeriod is how long canceled requests may take to end. A key service can run
// programs, which must end before the helper does.
const gracePeriod = time.Second

// Serve reads requests from in until its end and answers each in its own goroutine,
// with the given services. version is for humans. At the end of in, Serve cancels the
// requests that are still running.
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
		return nil // no request
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

var errTwice = fmt.Errorf("%w: the id of a running request", ErrMalformed)

// take starts a request, or cancels one.
func (s *server) take(ctx context.Context, q *Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cancel := s.running[q.ID]
	switch {
	case q.Op == OpCancel && cancel != nil:
		cancel()
		return nil
	case q.Op == OpCancel:
		return nil // already answered
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
		} // any other error means that sealcfg has ended; then in ends as well
		clear(a.Secret)
	})
	return nil
}

func (s *server) answer(ctx context.Context, q *Request) (a *Response) {
	defer clear(q.Secret)
	defer func() {
		if recover() != nil { // the recovered value is dropped: it may contain a secret
			a = failed(errors.New("the library of the key service crashed"))
		}
	}()
	service := s.byType[q.Stanza.Type]
	if service == nil {
		return &Response{Error: &Error{Text: fmt.Sprintf("keys of type %q are not supported", q.Stanza.Type), Kind: Unsupported}}
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
		return failed(errors.New("the wrapped secret is not a data key"))
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

// noAnswer matches the errors for a server that does not answer. The services return
// an error as a string, without the error of their SDK, so only the wording of package
// net and of the operating systems is left.
var noAnswer = pattern.New(`no such host|connection (refused|reset)|actively refused|network is unreachable|no route to host|i/o timeout`)

// wait waits until all canceled requests have ended, at most for the grace period.
func (s *server) wait() {
	done := make(chan struct{})
	go func() {
		s.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(gracePeriod):
	}
}

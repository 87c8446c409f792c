package kmswire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sealcfg/sealcfg/keys"
)

// Options configure a [Helper].
type Options struct {
	// Find returns the path of the program. If it is nil, [Find] is used.
	Find func() (string, error)
	// Timeout returns how long a request for a key of the given type may take,
	// including the start of the helper.
	Timeout func(typ string) (time.Duration, error)
	// Stderr is the stderr of the helper and of the programs that it runs.
	Stderr io.Writer
}

// A Helper is the client of the helper program. It starts one process, at the first
// request, and uses it for all requests. It is safe for concurrent use.
type Helper struct {
	opts  Options
	begin sync.Once
	ready chan struct{} // closed after the hello of the helper
	over  chan struct{} // closed when no further request is possible; err has the reason
	ended sync.Once
	err   error
	hello Hello // set before ready is closed
	send  chan *Request

	mu      sync.Mutex
	path    string
	proc    *process
	last    uint64
	pending map[uint64]chan *Response
	slow    map[string]*TimeoutError // by slowKey: keys whose service did not answer in time
}

// New returns a Helper that has not been started.
func New(opts Options) *Helper {
	if opts.Find == nil {
		opts.Find = Find
	}
	return &Helper{
		opts: opts, ready: make(chan struct{}), over: make(chan struct{}), send: make(chan *Request),
		pending: map[uint64]chan *Response{}, slow: map[string]*TimeoutError{},
	}
}

// Service returns the helper's service for a type of keys.
func (h *Helper) Service(typ string) keys.Service { return service{h, typ} }

var errClosed = errors.New(Program + " has been closed")

// Close ends the helper, if it was started.
func (h *Helper) Close() {
	h.begin.Do(func() {}) // from now on, call does not start the helper
	h.end(errClosed)
	h.mu.Lock()
	p := h.proc
	h.mu.Unlock()
	if p != nil {
		p.stop(2 * gracePeriod) // the helper needs one grace period itself
	}
}

// end makes every pending and future request return err.
func (h *Helper) end(err error) {
	h.ended.Do(func() {
		h.err = err
		close(h.over)
	})
}

func (h *Helper) run() {
	err := h.converse()
	h.mu.Lock()
	p := h.proc
	h.mu.Unlock()
	if p == nil {
		h.end(err)
		return
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		p.stop(gracePeriod)
		err = &EndedError{Path: p.path, Reason: p.cmd.ProcessState.String()}
	}
	h.end(err)
	p.stop(0)
}

// converse starts the helper and delivers its responses until an error.
func (h *Helper) converse() error {
	path, err := h.opts.Find()
	if err != nil {
		return err
	}
	h.mu.Lock()
	select {
	case <-h.over:
		h.mu.Unlock()
		return h.err
	default:
	}
	h.path = path
	p, err := start(path, h.opts.Stderr)
	h.proc = p
	h.mu.Unlock()
	if err != nil {
		return err
	}
	go h.write(p)

	r := NewReader(p.out)
	if h.hello, err = r.Hello(); err != nil {
		return h.broken(err)
	}
	if h.hello.Protocol != Protocol {
		return &VersionError{Theirs: h.hello.Protocol, Path: path}
	}
	close(h.ready)
	for {
		a, err := r.Response()
		if err == nil {
			err = h.deliver(a)
		}
		if err != nil {
			return h.broken(err)
		}
	}
}

// broken turns those errors of a [Reader] that the helper has caused into a BrokenError.
func (h *Helper) broken(err error) error {
	if errors.Is(err, ErrMalformed) || errors.Is(err, ErrLineTooLong) {
		return &BrokenError{Path: h.path, err: err}
	}
	return err
}

// write sends the requests. It has its own goroutine, so that a helper that does not
// read cannot block call.
func (h *Helper) write(p *process) {
	w := NewWriter(p.in)
	if w.Write(Hello{Protocol: Protocol}) != nil {
		return // the helper has ended; converse reports why
	}
	for {
		select {
		case <-h.over:
			return
		case q := <-h.send:
			err := w.Write(q)
			clear(q.Secret)
			if errors.Is(err, ErrLineTooLong) {
				_ = h.deliver(&Response{ID: q.ID, Error: &Error{Text: err.Error(), Kind: Failed}})
			}
		}
	}
}

// deliver passes a response to its call. It drops the response if the call has returned.
func (h *Helper) deliver(a *Response) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.ID > h.last {
		return fmt.Errorf("%w: the response has an unknown id", ErrMalformed)
	}
	if ch := h.pending[a.ID]; ch != nil {
		delete(h.pending, a.ID)
		ch <- a
	}
	return nil
}

// call sends a request to the helper and waits for the response.
func (h *Helper) call(ctx context.Context, op string, key *keys.Stanza, secret []byte) (*Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	patience, err := h.opts.Timeout(key.Type)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	h.begin.Do(func() { go h.run() })
	select {
	case <-h.ready:
	case <-h.over:
		return nil, h.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		h.end(h.silent(patience)) // the other calls return the same error
		h.stopSoon()
		return nil, h.err
	}
	if !slices.Contains(h.hello.Types, key.Type) {
		return nil, &ServiceError{Type: key.Type, Kind: Unsupported, Text: fmt.Sprintf("%s does not support %s", h.path, title(key.Type))}
	}
	id, answer, err := h.enlist(key)
	if err != nil {
		return nil, err
	}
	q := &Request{ID: id, Op: op, Stanza: toWire(key), Secret: bytes.Clone(secret)}
	sent := h.send
	for {
		select {
		case sent <- q:
			sent = nil // send once
		case a := <-answer:
			return a, nil
		case <-h.over:
			select { // the response may have arrived before the end
			case a := <-answer:
				return a, nil
			default:
				return nil, h.err
			}
		case <-ctx.Done():
			h.forget(id, sent == nil)
			return nil, ctx.Err()
		case <-timer.C:
			h.forget(id, sent == nil)
			return nil, h.late(key, patience)
		}
	}
}

// silent returns the error for a helper that did not send its hello.
func (h *Helper) silent(patience time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &TimeoutError{From: h.path, After: patience}
}

func (h *Helper) stopSoon() {
	h.mu.Lock()
	p := h.proc
	h.mu.Unlock()
	if p != nil {
		go p.stop(0)
	}
}

// enlist registers a new request and returns its ID and the channel for its response.
func (h *Helper) enlist(key *keys.Stanza) (uint64, chan *Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.slow[slowKey(key)]; err != nil {
		return 0, nil, err
	}
	h.last++
	ch := make(chan *Response, 1)
	h.pending[h.last] = ch
	return h.last, ch, nil
}

func slowKey(key *keys.Stanza) string { return key.Type + " " + keys.Name(key) }

// late records that the service of a key did not answer, so that a run over many
// files waits only once for it.
func (h *Helper) late(key *keys.Stanza, patience time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := &TimeoutError{From: title(key.Type), After: patience}
	h.slow[slowKey(key)] = err
	return err
}

// forget drops a request. If the request was sent, it cancels it in the helper.
func (h *Helper) forget(id uint64, sent bool) {
	h.mu.Lock()
	delete(h.pending, id)
	h.mu.Unlock()
	if !sent {
		return
	}
	go func() {
		select {
		case h.send <- &Request{ID: id, Op: OpCancel}:
		case <-h.over:
		}
	}()
}

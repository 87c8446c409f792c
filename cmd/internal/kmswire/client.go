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

// Options say how a [Helper] is found, and what it may take.
type Options struct {
	// Find returns the path of the program; [Find] if it is nil.
	Find func() (string, error)
	// Timeout is how long a request for a key of a type may take, the start of
	// the helper included.
	Timeout func(typ string) (time.Duration, error)
	// Stderr is where the helper, and the programs that it runs, write to people.
	Stderr io.Writer
}

// A Helper is the helper program: one process, started when the first key is
// needed, for all requests of a run. It is safe for concurrent use.
type Helper struct {
	opts  Options
	begin sync.Once
	ready chan struct{} // closed when the helper has said hello
	over  chan struct{} // closed when it cannot be asked any more, for the reason in err
	ended sync.Once
	err   error
	hello Hello // once ready
	send  chan *Request

	mu      sync.Mutex
	path    string
	proc    *process
	last    uint64
	pending map[uint64]chan *Response
	slow    map[string]*TimeoutError // keys that were asked in vain
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

// Service returns the service for a type of keys, as the helper has it.
func (h *Helper) Service(typ string) keys.Service { return service{h, typ} }

var errClosed = errors.New(Program + " has been closed")

// Close ends the helper, if it was started.
func (h *Helper) Close() {
	h.begin.Do(func() {}) // it is not started any more
	h.end(errClosed)
	h.mu.Lock()
	p := h.proc
	h.mu.Unlock()
	if p != nil {
		p.stop(2 * farewell) // it lets its requests end, too
	}
}

// end gives every request, present and future, the same error.
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
		p.stop(farewell)
		err = &EndedError{Path: p.path, Reason: p.cmd.ProcessState.String()}
	}
	h.end(err)
	p.stop(0)
}

// converse starts the helper and hands its answers out, until an error.
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

// broken says which of the errors of a [Reader] are the helper's fault.
func (h *Helper) broken(err error) error {
	if errors.Is(err, ErrMalformed) || errors.Is(err, ErrLineTooLong) {
		return &BrokenError{Path: h.path, err: err}
	}
	return err
}

// write sends requests, so that nobody waits for a helper that does not read.
func (h *Helper) write(p *process) {
	w := NewWriter(p.in)
	if w.Write(Hello{Protocol: Protocol}) != nil {
		return // it has ended; who reads its answers says why
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

// deliver gives an answer to who waits for it. Nobody may do so any more.
func (h *Helper) deliver(a *Response) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.ID > h.last {
		return fmt.Errorf("%w: an answer that nobody asked for", ErrMalformed)
	}
	if ch := h.pending[a.ID]; ch != nil {
		delete(h.pending, a.ID)
		ch <- a
	}
	return nil
}

// call asks the helper about a key and waits for the answer.
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
		h.end(h.silent(patience)) // the others need not wait as long
		h.stopSoon()
		return nil, h.err
	}
	if !slices.Contains(h.hello.Types, key.Type) {
		return nil, &ServiceError{Type: key.Type, Kind: Unsupported, Text: fmt.Sprintf("%s cannot ask %s", h.path, Title(key.Type))}
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
			sent = nil // once
		case a := <-answer:
			return a, nil
		case <-h.over:
			select { // the last word counts
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

// silent is the error about a helper that did not say hello.
func (h *Helper) silent(patience time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &TimeoutError{Who: h.path, After: patience}
}

func (h *Helper) stopSoon() {
	h.mu.Lock()
	p := h.proc
	h.mu.Unlock()
	if p != nil {
		go p.stop(0)
	}
}

// enlist makes room for an answer.
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

// late remembers a key whose service did not answer, so that a run over many
// files does not wait for it again and again.
func (h *Helper) late(key *keys.Stanza, patience time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := &TimeoutError{Who: Title(key.Type), After: patience}
	h.slow[slowKey(key)] = err
	return err
}

// forget gives a request up, and tells the helper if it knows of it.
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

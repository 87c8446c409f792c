package kmswire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

var (
	// ErrLineTooLong is returned when a message has more than [MaxLine] bytes.
	ErrLineTooLong = fmt.Errorf("line longer than %d bytes", MaxLine)
	// ErrMalformed is returned when a line is not a message of the protocol.
	ErrMalformed = errors.New("not a message of the protocol")
)

// A Writer writes messages, one per line. It is safe for concurrent use.
type Writer struct {
	mu sync.Mutex
	w  io.Writer
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes a [Hello], a [Request] or a [Response].
func (w *Writer) Write(message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	if len(line) >= MaxLine {
		return fmt.Errorf("write message: %w", ErrLineTooLong)
	}
	line = append(line, '\n')
	defer clear(line) // it may hold a data key
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.w.Write(line); err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return nil
}

// A Reader reads messages. It never holds more than [MaxLine] bytes. Its errors do not
// quote the input. They are [io.EOF] at the end of the stream, [io.ErrUnexpectedEOF] at
// an end within a line, [ErrLineTooLong] and [ErrMalformed].
type Reader struct {
	r    *bufio.Reader
	line []byte
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReader(r)} }

// Hello reads the first line.
func (r *Reader) Hello() (Hello, error) {
	var h Hello
	err := r.read(&h)
	if err == nil && h.Protocol < 1 {
		err = fmt.Errorf("%w: no protocol version", ErrMalformed)
	}
	return h, err
}

// Request reads a request, in the helper.
func (r *Reader) Request() (*Request, error) {
	q := new(Request)
	if err := r.read(q); err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return q, nil
}

// Response reads a response, in sealcfg.
func (r *Reader) Response() (*Response, error) {
	a := new(Response)
	if err := r.read(a); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return a, nil
}

func (r *Reader) read(message any) error {
	if err := r.readLine(); err != nil {
		return err
	}
	defer clear(r.line)
	// Unmarshal accepts null and does not change the message.
	if line := bytes.TrimSpace(r.line); len(line) == 0 || line[0] != '{' {
		return ErrMalformed
	}
	if json.Unmarshal(r.line, message) != nil {
		return ErrMalformed // the decoder's error may quote a secret
	}
	return nil
}

func (r *Reader) readLine() error {
	r.line = r.line[:0]
	for {
		part, err := r.r.ReadSlice('\n')
		if len(r.line)+len(part) > MaxLine {
			return ErrLineTooLong
		}
		r.line = append(r.line, part...)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(r.line) > 0:
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
}

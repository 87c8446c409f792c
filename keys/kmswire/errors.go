package kmswire

import (
	"fmt"
	"time"

	"github.com/sealcfg/sealcfg/keys"
)

// A MissingError reports that the helper is not installed.
type MissingError struct{}

func (e *MissingError) Error() string { return Program + " is not installed" }

// An EndedError reports that the helper could not be started, or ended too early.
type EndedError struct {
	Path   string
	Reason string // the exit status, or why it was not started
}

func (e *EndedError) Error() string { return e.Path + " failed: " + e.Reason }

// A BrokenError reports that the helper violated the protocol.
type BrokenError struct {
	Path string
	err  error // names the violated rule, without quoting the message
}

func (e *BrokenError) Error() string { return e.Path + " violated the protocol: " + e.err.Error() }

// Unwrap returns the violated rule.
func (e *BrokenError) Unwrap() error { return e.err }

// A TimeoutError reports that a key service or the helper did not answer in time.
type TimeoutError struct {
	From  string // the key service, or the path of the helper
	After time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no answer from %s within %s", e.From, e.After)
}

// Timeout returns true, as in [net.Error].
func (e *TimeoutError) Timeout() bool { return true }

// A ServiceError is the error with which a key service answered.
type ServiceError struct {
	Type string // of the key
	Op   string // OpWrap or OpUnwrap
	Kind Kind
	Text string
}

func (e *ServiceError) Error() string { return e.Text }

// title returns the name of a key service in messages, given the type of its keys.
func title(typ string) string {
	kind, _ := keys.KindOf(typ)
	return kind.Title
}

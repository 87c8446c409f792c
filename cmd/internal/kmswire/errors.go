package kmswire

import (
	"fmt"
	"time"
)

// A MissingError says that the helper is not installed.
type MissingError struct{ Beside string } // the folder that was looked into before PATH

func (e *MissingError) Error() string { return Program + " is not installed" }

// An EndedError says that the helper ended, or never began, while it was needed.
type EndedError struct {
	Path   string
	Reason string // the exit status, or why it was not started
}

func (e *EndedError) Error() string { return e.Path + " failed: " + e.Reason }

// A BrokenError says that the helper does not keep to the protocol.
type BrokenError struct {
	Path string
	err  error // names the rule, quotes nothing
}

func (e *BrokenError) Error() string { return e.Path + " broke the protocol: " + e.err.Error() }

// Unwrap returns what was wrong.
func (e *BrokenError) Unwrap() error { return e.err }

// A TimeoutError says that there was no answer in time.
type TimeoutError struct {
	Who   string // the service, or the path of the helper
	After time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no answer from %s within %s", e.Who, e.After)
}

// Timeout is true: see [net.Error].
func (e *TimeoutError) Timeout() bool { return true }

// A ServiceError is what a service answered.
type ServiceError struct {
	Type string // of the key
	Op   string // OpWrap or OpUnwrap
	Kind Kind
	Text string
}

func (e *ServiceError) Error() string { return e.Text }

// titles name the services to people.
var titles = map[string]string{
	"azure_kv": "Azure Key Vault",
	"gcp_kms":  "Google Cloud KMS",
	"hc_vault": "HashiCorp Vault",
	"hckms":    "Huawei Cloud KMS",
	"kms":      "AWS KMS",
	"pgp":      "gpg",
}

// Title returns what people call the service of a type of keys.
func Title(typ string) string {
	if t := titles[typ]; t != "" {
		return t
	}
	return typ
}

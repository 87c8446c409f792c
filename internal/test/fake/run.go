package fake

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// A Service is a running fake.
type Service interface {
	// Variables are the login of a caller that trusts the authority.
	Variables() map[string]string
	// PolicyKey names a key that such a caller may use: the field of a creation
	// rule, and the text in it.
	PolicyKey() (field, key string)
	// Close stops it.
	Close() error
}

// Run starts fakes, calls do with them and with the variables of a process
// that may use them, and stops them. $SSL_CERT_FILE is one of the variables.
func Run(do func(variables map[string]string, all []Service) error, start ...func(*CA) (Service, error)) (err error) {
	ca, err := NewCA()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sealcfg-fake-")
	if err != nil {
		return fmt.Errorf("make a folder for the test authority: %w", err)
	}
	var all []Service
	defer func() {
		for _, s := range all {
			err = errors.Join(err, s.Close())
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	path := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(path, ca.PEM, 0o600); err != nil {
		return fmt.Errorf("write test authority: %w", err)
	}
	// A machine may have the second one set, for all that talks to AWS.
	variables := map[string]string{"SSL_CERT_FILE": path, "AWS_CA_BUNDLE": path}
	for _, f := range start {
		s, err := f(ca)
		if err != nil {
			return err
		}
		all = append(all, s)
		maps.Copy(variables, s.Variables())
	}
	return do(variables, all)
}

//go:build !(linux && amd64)

package faultinject

import "errors"

// Run is not there yet for this system.
func Run(Command, *Fault) (*Result, error) { return nil, errors.ErrUnsupported }

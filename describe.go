package sealcfg

import (
	"fmt"

	"github.com/sealcfg/sealcfg/describe"
)

// A Description describes the settings of a type: see [describe.Description].
type Description = describe.Description

// A Setting describes one setting of a type: see [describe.Setting].
type Setting = describe.Setting

// Describe returns a description of the settings of T, for a program with these options. It
// reads no file. It returns an error if T or an option is invalid.
func Describe[T any](opts ...Option) (*Description, error) {
	return New[T](opts...).Describe()
}

// Describe does the same as the function [Describe], for the loader's type and options.
func (l *Loader[T]) Describe() (*Description, error) { return l.core().describe() }

func (l *loader) describe() (*Description, error) {
	if l.err != nil {
		return nil, fmt.Errorf("describe settings: %w", l.err)
	}
	return describe.Of(l.plan, l.o.prefix), nil
}

// Schema returns the JSON Schema (2020-12) for files with the settings of T. It is indented
// and ends with a line feed. For each value, the schema also accepts an encrypted value of
// the right type, so that an editor can check and complete a file without a key. Secrets
// are writeOnly; desc tags become descriptions.
//
// The schema describes the settings as a whole. A single file may omit what another layer
// sets: see [LayerSchema]. The schema does not contain checks that only Go can run:
// Validate methods, and checks that access the disk. Schema returns an error if T is
// invalid.
func Schema[T any]() ([]byte, error) { return New[T]().Schema() }

// LayerSchema returns a schema for one of several files, such as environments/prod.yaml
// over environments/base.yaml. It is the schema of [Schema] without required settings.
func LayerSchema[T any]() ([]byte, error) {
	return New[T]().core().schema(true)
}

// Schema does the same as the function [Schema], for the loader's type.
func (l *Loader[T]) Schema() ([]byte, error) { return l.core().schema(false) }

func (l *loader) schema(layer bool) ([]byte, error) {
	if l.err != nil {
		return nil, fmt.Errorf("describe settings: %w", l.err)
	}
	return describe.Schema(l.plan, layer)
}

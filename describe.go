package sealcfg

import (
	"fmt"

	"github.com/sealcfg/sealcfg/describe"
)

// A Description describes the settings of a type: see [describe.Description].
type Description = describe.Description

// A Setting describes one setting of a type: see [describe.Setting].
type Setting = describe.Setting

// Describe describes the settings of T, as a program with these options takes
// them. It opens no file. The error is a mistake in T or in the options.
func Describe[T any](opts ...Option) (*Description, error) {
	return New[T](opts...).Describe()
}

// Describe is the function [Describe] for the loader's type and options.
func (l *Loader[T]) Describe() (*Description, error) { return l.core().describe() }

func (l *loader) describe() (*Description, error) {
	if l.err != nil {
		return nil, fmt.Errorf("describe settings: %w", l.err)
	}
	return describe.Of(l.plan, l.o.prefix), nil
}

// Schema returns the JSON Schema (2020-12) of the files that T takes, indented,
// with a line feed at the end. Where a value is wanted, the sealed value of the
// right type is valid too, so that a file can be checked, and completed in an
// editor, without a key. Secrets are writeOnly; desc tags are descriptions.
//
// It describes the settings as a whole. A single file need not have what another
// layer has: see [LayerSchema]. What only Go can check (Validate, checks that look
// at the disk) is not in it.
func Schema[T any]() ([]byte, error) { return New[T]().Schema() }

// LayerSchema is [Schema] for one file of several, such as environments/prod.yaml
// over environments/base.yaml: nothing is required.
func LayerSchema[T any]() ([]byte, error) {
	return New[T]().core().schema(true)
}

// Schema is the function [Schema] for the loader's type.
func (l *Loader[T]) Schema() ([]byte, error) { return l.core().schema(false) }

func (l *loader) schema(layer bool) ([]byte, error) {
	if l.err != nil {
		return nil, fmt.Errorf("describe settings: %w", l.err)
	}
	return describe.Schema(l.plan, layer)
}

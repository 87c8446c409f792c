// Package schematest holds the schemas that sealcfg writes against a validator. It
// has tests only, and stands apart so that the validator is none of the modules
// that the tests of a library bring along.
package schematest

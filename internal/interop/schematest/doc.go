// Package schematest tests the schemas that sealcfg writes with a validator. It
// contains only tests. It is a separate package, so that the tests of other
// packages do not require the validator.
package schematest

//go:build !goexperiment.runtimesecret

package erased

// On says that Do does something on the systems that the runtime supports.
const On = false

// Do calls f.
func Do(f func()) { f() }

// Within reports whether the caller runs below Do.
func Within() bool { return false }

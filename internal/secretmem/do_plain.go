//go:build !goexperiment.runtimesecret

package secretmem

// Enabled reports whether Do erases memory, on the systems that the runtime supports.
const Enabled = false

// Do calls f.
func Do(f func()) { f() }

// Within reports whether the caller runs inside Do.
func Within() bool { return false }

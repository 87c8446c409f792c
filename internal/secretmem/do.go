//go:build goexperiment.runtimesecret

package secretmem

import "runtime/secret"

// Enabled reports whether Do erases memory, on the systems that the runtime supports.
const Enabled = true

// Do calls f. The runtime then erases the memory that f used.
func Do(f func()) { secret.Do(f) }

// Within reports whether the caller runs inside Do.
func Within() bool { return secret.Enabled() }

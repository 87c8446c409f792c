//go:build goexperiment.runtimesecret

package erased

import "runtime/secret"

// On says that Do does something on the systems that the runtime supports.
const On = true

// Do calls f, and has the runtime erase what f leaves behind.
func Do(f func()) { secret.Do(f) }

// Within reports whether the caller runs below Do.
func Within() bool { return secret.Enabled() }

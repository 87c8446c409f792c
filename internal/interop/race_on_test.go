//go:build race

package interop

// underRace reports whether the race detector runs, which slows everything down.
const underRace = true

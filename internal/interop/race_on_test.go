//go:build race

package interop

// underRace says that the race detector slows everything down.
const underRace = true

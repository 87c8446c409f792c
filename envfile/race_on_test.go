//go:build race

package envfile_test

// raceEnabled: the race detector makes all of this ten times slower.
const raceEnabled = true

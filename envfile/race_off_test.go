//go:build !race

package envfile_test

const raceEnabled = false

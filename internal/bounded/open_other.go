//go:build !unix

package bounded

// nonblock is 0: there are no pipes among files.
const nonblock = 0

// Package interop holds the tests against sops, its library and its binary. It
// is the only place that imports sops: a test of any other package would put
// sops into the go.sum of those who import it.
package interop

// Package interop holds the tests against sops, its library and its binary. Only
// this package imports sops: a test of any other package would add sops to the
// go.sum of every module that imports that package.
package interop

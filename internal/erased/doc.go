// Package erased has the Go runtime erase what a function leaves in registers, on
// the stack and, once it is garbage, on the heap. That needs a program that was
// built with GOEXPERIMENT=runtimesecret; in all others the function is just called.
package erased

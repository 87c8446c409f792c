// Package secretmem has the Go runtime erase the memory that a function used:
// registers, the stack and, once it is garbage, the heap. This requires a program
// built with GOEXPERIMENT=runtimesecret. In other programs, the function is only
// called.
package secretmem

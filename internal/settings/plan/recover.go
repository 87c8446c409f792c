package plan

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// recovered calls a method or function of the program. A panic becomes an error that
// names the line without the text, which may quote a value: what a program
// prints when it dies goes into logs and error reports.
func recovered(name string, call func() error) (err, panicked error) {
	defer func() {
		if recover() != nil {
			panicked = fmt.Errorf("%s panicked%s", name, panicLine())
		}
	}()
	return call(), nil
}

// Safely is [unpanicked] for a caller that reports both errors alike.
func Safely(name string, call func() error) error {
	err, panicked := recovered(name, call)
	if panicked != nil {
		return panicked
	}
	return err
}

// panicLine returns the line that panicked, "" if it is not known. Only a deferred
// function may call it.
func panicLine() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for below := false; ; {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if below && !inRuntime {
			return fmt.Sprintf(" at %s:%d", filepath.Base(f.File), f.Line)
		}
		below = below || f.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}

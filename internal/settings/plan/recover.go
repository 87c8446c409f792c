package plan

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// recovered calls a method or function of the program. It returns a panic as an error that names
// the line. The error omits the panic's text, because it may quote a value and would appear in logs
// and error reports.
func recovered(name string, call func() error) (err, panicked error) {
	defer func() {
		if recover() != nil {
			panicked = fmt.Errorf("%s panicked%s", name, panicLine())
		}
	}()
	return call(), nil
}

// Safely is recovered for callers that report both errors alike.
func Safely(name string, call func() error) error {
	err, panicked := recovered(name, call)
	if panicked != nil {
		return panicked
	}
	return err
}

// panicLine returns the line that panicked, and "" if the line is unknown. Only a deferred function
// may call it.
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

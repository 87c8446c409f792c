package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine describes where and when the measurement took place.
func machine() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s: %s, %d processors, %s/%s.\n",
		time.Now().UTC().Format(time.DateOnly), processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(&b, "Load averages at the end (1, 5, 15 minutes; the run itself is one of it): %s.\n", strings.Join(strings.Fields(string(load))[:3], ", "))
	}
	return b.String()
}

func goVersion() string { return strings.TrimPrefix(runtime.Version(), "go") }

// processor returns the name of the processor from Linux.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

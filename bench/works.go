package main

import (
	"fmt"
	"strconv"
)

// A kind is a kind of work, by its name in the tables.
type kind string

const (
	startKind kind = "start"
	openKind  kind = "open"
	setKind   kind = "set"
	rekeyKind kind = "rekey"
	sealKind  kind = "seal"
)

// A shape is the structure of a file.
type shape string

const (
	settings  shape = "settings" // of a service, see generate
	object    shape = "JSON"     // one object without levels
	oneBinary shape = "binary"   // encrypted as one value
)

// A work is the same for all programs.
type work struct {
	kind  kind
	shape shape
	size  int // values; files for rekey; bytes of a binary
}

const (
	manyValues = 20         // of each file of rekey: an environment for each customer
	binarySize = 50_000_000 // the largest file that is supported as one value
)

func allWorks() []work {
	all := []work{{startKind, settings, 0}}
	for _, n := range []int{10, 100, 1_000, 10_000} {
		all = append(all, work{openKind, settings, n})
	}
	for _, n := range []int{10, 1_000, 10_000} {
		all = append(all, work{setKind, settings, n})
	}
	for _, n := range []int{1, 10, 100, 1_000} {
		all = append(all, work{rekeyKind, settings, n})
	}
	for _, k := range []kind{sealKind, openKind} {
		all = append(all, work{k, object, 1_000}, work{k, object, 10_000}, work{k, oneBinary, binarySize})
	}
	return all
}

// heavy reports whether a round of the work takes minutes, or writes as much as all others
// together.
func (w work) heavy() bool {
	return w.kind == rekeyKind && w.size >= 1_000 || w.shape == object && w.size > 1_000 || w.shape == oneBinary
}

func (w work) smallest() bool {
	return w.shape == settings && (w.size <= 1 || w.size == 10 && w.kind != rekeyKind)
}

// files returns the number of files of the work.
func (w work) files() int {
	if w.kind == rekeyKind {
		return w.size
	}
	return 1
}

func (w work) values() int {
	if w.kind == rekeyKind {
		return manyValues
	}
	return w.size
}

// sizeText returns the column header of the work.
func (w work) sizeText() string {
	switch {
	case w.kind == startKind:
		return "start"
	case w.shape == oneBinary:
		return fmt.Sprintf("%d MB of binary", w.size/1_000_000)
	case w.shape == object:
		return count(w.size, "key") + " of JSON"
	case w.kind == rekeyKind:
		return count(w.size, "file")
	}
	return count(w.size, "value")
}

func (w work) String() string {
	if w.kind == startKind {
		return "start"
	}
	return string(w.kind) + ", " + w.sizeText()
}

// folder returns a directory name for the files of the work.
func (w work) folder() string { return fmt.Sprintf("%s-%s-%d", w.kind, w.shape, w.size) }

// count formats a number of things: "1,000 values".
func count(n int, what string) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n != 1 {
		what += "s"
	}
	return digits + " " + what
}

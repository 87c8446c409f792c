package main

import (
	"fmt"
	"strings"
)

// A peer is a program that is measured: an adapter that says how it is had, and how
// it is asked for each work.
type peer interface {
	name() string
	differs() string // what it does otherwise than sealcfg, for the reader of the numbers
	// find looks for the program, or gets it. An error says why it is not there.
	find(*lab) (version string, err error)
	// prepare writes what the work needs into dir; nil if the program cannot do that work.
	prepare(l *lab, dir string, w work) (*task, error)
}

// A task is a work as one program does it.
type task struct {
	job    func(round int) job
	before func(round int) error  // puts things in place, unmeasured; may be nil
	opened func() ([]byte, error) // the plain text as the program gives it now; nil if there is none
	format string                 // of opened: "yaml" (JSON too), "env", or "raw"
	files  []string               // that are sealed, with their folder
}

// peers are in the order of the tables. Without those that are required, nothing is measured.
func peers() []peer {
	return []peer{&sealcfgPeer{}, &sopsPeer{}, &agePeer{}, &gitCryptPeer{}, &ejsonPeer{}, &ansiblePeer{}, &dotenvxPeer{}, &transcryptPeer{}, &floorPeer{}}
}

var required = map[string]bool{sealcfgName: true, sopsName: true, floorName: true}

const (
	sealcfgName = "sealcfg"
	sopsName    = "sops"
	ageName     = "age"
	floorName   = "the floor"
)

// always is a job that is the same in each round.
func always(dir string, commands ...command) func(int) job {
	return func(int) job { return job{Dir: dir, Commands: commands} }
}

// argv is a command without anything on stdin.
func argv(words ...string) command { return command{Argv: words} }

// changedField is the field that set changes, in the middle of the file, and changedValue
// is what a round makes of it.
func changedField(w work) []string {
	return []string{fmt.Sprintf("service_%04d", w.size/perSection/2), "database", "user"}
}

func changedValue(round int) string { return fmt.Sprintf("user-of-round-%03d", round) }

// notThere is the reason why a program is not measured.
type notThere string

func (n notThere) Error() string { return string(n) }

// oneLine is the first line of an error, for a cell of a table.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ReplaceAll(line, "|", "/")
}

package main

import (
	"fmt"
	"strings"
)

// A peer is a measured program: an adapter that finds the program and runs each work.
type peer interface {
	name() string
	differs() string // how its work differs from sealcfg's, for the table
	// find searches for the program or installs it. The error is the reason why it is missing.
	find(*lab) (version string, err error)
	// prepare writes the input of the work into dir. It returns nil if the program cannot do the
	// work.
	prepare(l *lab, dir string, w work) (*task, error)
}

// A task is a work as one program does it.
type task struct {
	job    func(round int) job
	before func(round int) error  // prepares a round, unmeasured; may be nil
	opened func() ([]byte, error) // returns the program's current plaintext; nil if it prints none
	format string                 // of opened: "yaml" (JSON too), "env", or "raw"
	files  []string               // the encrypted files, with their directory
}

// peers is in the order of the tables. If a required peer is missing, the run stops.
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

// always returns a job that is the same in each round.
func always(dir string, commands ...command) func(int) job {
	return func(int) job { return job{Dir: dir, Commands: commands} }
}

// argv returns a command with empty stdin.
func argv(words ...string) command { return command{Argv: words} }

// changedField is the field that set changes, in the middle of the file. changedValue returns its
// value for a round.
func changedField(w work) []string {
	return []string{fmt.Sprintf("service_%04d", w.size/perSection/2), "database", "user"}
}

func changedValue(round int) string { return fmt.Sprintf("user-of-round-%03d", round) }

// notThere is the reason why a program is not measured.
type notThere string

func (n notThere) Error() string { return string(n) }

// oneLine returns the first line of an error, for a table cell.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ReplaceAll(line, "|", "/")
}

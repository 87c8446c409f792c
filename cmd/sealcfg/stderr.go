package main

import (
	"os"

	"github.com/sealcfg/sealcfg/internal/privatekey"
)

// An errorStream is stderr without the private keys that an argument, a variable or
// another program may bring there. Messages of sealcfg do not contain them in
// the first place; this is the last line of defense.
type errorStream struct {
	file *os.File
	*privatekey.Writer
}

func newErrorStream(f *os.File) *errorStream { return &errorStream{f, privatekey.NewWriter(f)} }

// withoutKeys replaces the values of variables that name or hold a key or a credential,
// unless they are paths that exist, and private keys from elsewhere.
func (a *app) withoutKeys(text string) string {
	return privatekey.Hide(privatekey.HideVariables(text, a.lookupEnv, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}))
}

// Fd returns the file descriptor, for questions about the terminal.
func (s *errorStream) Fd() uintptr { return s.file.Fd() }

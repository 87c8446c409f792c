package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"

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

// say tells the person what was done. It goes to stderr, which is not the answer.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintln(a.err, clean(fmt.Sprintf(format, args...)))
	}
}

// warn is not silenced by -q.
func (a *app) warn(format string, args ...any) {
	text := a.withoutKeys(fmt.Sprintf(format, args...))
	fmt.Fprintln(a.err, a.paint(yellow, "warning: ")+indentTail(clean(text)))
}

func (a *app) printJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.out.Write(escapeJSON(b.Bytes()))
	return err
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	plain  = "\x1b[0m"
)

// paint colours a text that goes to stderr, if that is a terminal.
func (a *app) paint(colour, s string) string {
	kind := a.env("TERM")
	dumb := kind == "dumb" || kind == "" && runtime.GOOS != "windows" // where nobody sets it
	if a.noColor || a.env("NO_COLOR") != "" || dumb || !isTerminal(a.err) {
		return s
	}
	return colour + s + plain
}

// answer writes plaintext to stdout. If stdout is a terminal, it replaces control
// characters and ends the last line.
func (a *app) answer(text []byte) error {
	if isTerminal(a.out) {
		whole := strings.ReplaceAll(string(text), "\r\n", "\n")
		text = []byte(clean(whole))
		if string(text) != whole {
			defer a.warn("control characters are shown as ?; into a pipe or a file they go as they are")
		}
		if !bytes.HasSuffix(text, newline) {
			text = append(text, '\n')
		}
	}
	_, err := a.out.Write(text)
	return err
}

var newline = []byte("\n")

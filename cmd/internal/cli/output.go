package cli

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
	File *os.File
	*privatekey.Writer
}

func NewErrorStream(f *os.File) *errorStream { return &errorStream{f, privatekey.NewWriter(f)} }

// withoutKeys replaces the values of variables that name or hold a key or a credential,
// unless they are paths that exist, and private keys from elsewhere.
func (a *App) withoutKeys(text string) string {
	return privatekey.Hide(privatekey.HideVariables(text, a.LookupEnv, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}))
}

// Fd returns the file descriptor, for questions about the terminal.
func (s *errorStream) Fd() uintptr { return s.File.Fd() }

// Say tells the person what was done. It goes to stderr, which is not the answer.
func (a *App) Say(format string, args ...any) {
	if !a.Quiet {
		fmt.Fprintln(a.Stderr, Clean(fmt.Sprintf(format, args...)))
	}
}

// Warn is not silenced by -q.
func (a *App) Warn(format string, args ...any) {
	text := a.withoutKeys(fmt.Sprintf(format, args...))
	fmt.Fprintln(a.Stderr, a.paint(yellow, "warning: ")+indentTail(Clean(text)))
}

func (a *App) PrintJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.Stdout.Write(escapeJSON(b.Bytes()))
	return err
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	plain  = "\x1b[0m"
)

// paint colours a text that goes to stderr, if that is a terminal.
func (a *App) paint(colour, s string) string {
	kind := a.Env("TERM")
	dumb := kind == "dumb" || kind == "" && runtime.GOOS != "windows" // where nobody sets it
	if a.NoColor || a.Env("NO_COLOR") != "" || dumb || !isTerminal(a.Stderr) {
		return s
	}
	return colour + s + plain
}

// Answer writes plaintext to stdout. If stdout is a terminal, it replaces control
// characters and ends the last line.
func (a *App) Answer(text []byte) error {
	if isTerminal(a.Stdout) {
		whole := strings.ReplaceAll(string(text), "\r\n", "\n")
		text = []byte(Clean(whole))
		if string(text) != whole {
			defer a.Warn("control characters are shown as ?; into a pipe or a file they go as they are")
		}
		if !bytes.HasSuffix(text, Newline) {
			text = append(text, '\n')
		}
	}
	_, err := a.Stdout.Write(text)
	return err
}

var Newline = []byte("\n")

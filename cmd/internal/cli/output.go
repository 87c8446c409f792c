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

// An errorStream is stderr. It removes private keys that an argument, a variable or
// another program brings there. Messages of sealcfg do not contain private keys; this is
// the last line of defense.
type errorStream struct {
	File *os.File
	*privatekey.Writer
}

// NewErrorStream returns an error stream that writes to f.
func NewErrorStream(f *os.File) *errorStream { return &errorStream{f, privatekey.NewWriter(f)} }

// withoutKeys replaces the values of variables that name or hold a key or a credential,
// unless they are paths that exist, and private keys from elsewhere.
func (a *App) withoutKeys(text string) string {
	return privatekey.Hide(privatekey.HideVariables(text, a.LookupEnv, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}))
}

// Fd returns the file descriptor of stderr.
func (s *errorStream) Fd() uintptr { return s.File.Fd() }

// Say prints a message to stderr, unless -q is given.
func (a *App) Say(format string, args ...any) {
	if !a.Quiet {
		fmt.Fprintln(a.Stderr, Clean(fmt.Sprintf(format, args...)))
	}
}

// Warn prints a warning to stderr, also with -q.
func (a *App) Warn(format string, args ...any) {
	text := a.withoutKeys(fmt.Sprintf(format, args...))
	fmt.Fprintln(a.Stderr, a.paint(yellow, "warning: ")+indentTail(Clean(text)))
}

// PrintJSON prints v to stdout.
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

// paint colors a string for stderr, if stderr is a terminal.
func (a *App) paint(colour, s string) string {
	kind := a.Env("TERM")
	dumb := kind == "dumb" || kind == "" && runtime.GOOS != "windows" // Windows does not set it
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
			defer a.Warn("control characters are shown as ?; in a pipe or a file, they are unchanged")
		}
		if !bytes.HasSuffix(text, Newline) {
			text = append(text, '\n')
		}
	}
	_, err := a.Stdout.Write(text)
	return err
}

var Newline = []byte("\n")

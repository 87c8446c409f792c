package editing

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
)

// notePrefix starts a note: a comment that edit adds above the text and removes again.
const notePrefix = "#! sealcfg: "

// withNote adds notes about an error above the text, and returns the line of the error.
func withNote(text []byte, err error) (noted []byte, line int) {
	line = 1
	what := err.Error()
	var syntax *envfile.SyntaxError
	if errors.As(err, &syntax) {
		line = syntax.Line
		what = syntax.Reason
		if syntax.Column > 0 {
			what = fmt.Sprintf("column %d: %s", syntax.Column, what)
		}
	}
	notes := [][]byte{nil, []byte("fix it and save; to give up, save without a change")}
	notes[0] = fmt.Appendf(nil, "line %d: %s", line+len(notes), cli.Clean(what))
	return prepend(text, notes), line + len(notes)
}

// prepend adds notes above a text.
func prepend(text []byte, notes [][]byte) []byte {
	var b bytes.Buffer
	for _, n := range notes {
		b.WriteString(notePrefix)
		b.Write(bytes.ReplaceAll(n, []byte("\n"), []byte(" ")))
		b.WriteByte('\n')
	}
	b.Write(text)
	return b.Bytes()
}

// withoutNotes removes the notes.
func withoutNotes(text []byte) []byte {
	if !bytes.Contains(text, []byte(notePrefix)) {
		return text
	}
	var kept []byte
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte(notePrefix)) {
			kept = append(kept, line...)
		}
	}
	return kept
}

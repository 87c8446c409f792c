package errtext_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/internal/errtext"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"plain":                      "plain",
		" a\n\tb \r\n c ":            "a b c",
		"clear\x1b[2Jscreen\x00":     "clear [2Jscreen",
		"broken \xff text":           "broken text",
		"naïve":                      "naïve",
		"a\r\n=====\n-- \tb --x\x1b": "a b --x",
		strings.Repeat("ü", 301):     strings.Repeat("ü", 300) + " …",
		strings.Repeat("ü", 300):     strings.Repeat("ü", 300),
		strings.Repeat("word ", 99):  strings.Repeat("word ", 60) + "…",
		strings.Repeat("words ", 99): strings.Repeat("words ", 50) + "…",
		strings.Repeat("wörter ", 9) + strings.Repeat("x", 300): strings.Repeat("wörter ", 9) + "…",
		"\u2028separated\u2028lines":                            "separated lines",
	} {
		assert.Equal(t, want, errtext.OneLine(text), "%q", text)
	}
}

func TestFirstAndLast(t *testing.T) {
	text := "\n  \nfirst  line\nmiddle\nlast\tline\n \n"
	assert.Equal(t, "first line", errtext.FirstLine(text))
	assert.Equal(t, "last line", errtext.LastLine(text))
	assert.Empty(t, errtext.FirstLine(" \n\n"))
	assert.Empty(t, errtext.LastLine(""))
}

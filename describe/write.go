package describe

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

// WriteMarkdown writes a Markdown table of the settings.
func (d *Description) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| setting | type | default | variable | |\n|---|---|---|---|---|\n")
	for i := range d.Settings {
		s := &d.Settings[i]
		def := ""
		if s.HasDefault {
			def = code(strconv.Quote(s.Default))
			if scalar, ok := s.defaultValue().(json.RawMessage); ok {
				def = code(string(scalar))
			}
		}
		var variables []string
		for _, v := range s.Variables {
			variables = append(variables, code(v))
		}
		about := append([]string(nil), s.about()[1:]...)
		if s.Description != "" {
			about = append([]string{s.Description}, about...)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(s.Path), code(s.Type), def, strings.Join(variables, ", "), cell(strings.Join(about, "; ")))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteEnvExample writes a .env file with a line for each setting that a variable can set. Settings
// that are not required are commented out, with their default.
func (d *Description) WriteEnvExample(w io.Writer) error {
	var b strings.Builder
	for i := range d.Settings {
		s := &d.Settings[i]
		if len(s.Variables) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if s.Description != "" {
			b.WriteString("# " + comment(s.Description) + "\n")
		}
		b.WriteString("# " + comment(strings.Join(s.about(), "; ")) + "\n")
		if !s.needed || s.Kind != "" {
			b.WriteByte('#')
		}
		b.WriteString(s.Variables[0] + "=" + envValue(s.Default) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// envValue quotes a value if a .env file requires it.
func envValue(text string) string {
	if strings.ContainsAny(text, " \t\r\n#\"'$\\`") {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return text
}

// defaultValue returns the default as a value for encoding/json.
func (s *Setting) defaultValue() any {
	n := plan.FromText(s.plan, s.Default, source.Origin{})
	if n.Kind == tree.NodeBroken {
		return s.Default
	}
	return valueOf(s.plan, n)
}

// code formats text as code in a Markdown table cell.
func code(text string) string {
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	pad := ""
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		pad = " "
	}
	return fence + pad + cell(text) + pad + fence
}

// cell escapes text for a Markdown table cell.
func cell(text string) string { return strings.ReplaceAll(comment(text), "|", `\|`) }

// comment returns text on one line.
func comment(text string) string {
	return tree.OneLine(strings.ReplaceAll(strings.TrimSpace(text), "\n", " "))
}

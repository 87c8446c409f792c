package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// PrintedValue returns the bytes of a single value, and a map or list as JSON.
func PrintedValue(n *envfile.Node) ([]byte, error) {
	if n.Kind == envfile.Map || n.Kind == envfile.List {
		return JSONText(n)
	}
	return []byte(shownText(n)), nil
}

// shownText returns a value in its usual spelling: true, not True.
func shownText(n *envfile.Node) string {
	switch {
	case n.Kind == envfile.Null:
		return "null"
	case n.Type == crypto.Bool:
		return strings.ToLower(n.Text)
	}
	return n.Text
}

// DotenvText returns values in sops's dotenv format: KEY=value, with \n for a line feed.
// Levels are joined by two underscores, in upper case, as in the variables that programs
// read.
func DotenvText(root *envfile.Node) ([]byte, error) {
	var b bytes.Buffer
	seen := map[string]string{}
	for path, n := range root.Leaves() {
		if n.Kind == envfile.Null {
			continue
		}
		name := variableName(path)
		if other, ok := seen[name]; ok {
			return nil, fmt.Errorf("%s and %s would both become %s", other, path, name)
		}
		seen[name] = path.String()
		if strings.ContainsAny(name, "=\n\r") || name == "" || name[0] == '#' {
			return nil, fmt.Errorf("%s cannot be the name of a variable", path)
		}
		text := shownText(n)
		if strings.Contains(text, `\n`) {
			return nil, fmt.Errorf(`%s contains \n, which dotenv reads as a line feed`, path)
		}
		fmt.Fprintf(&b, "%s=%s\n", name, strings.ReplaceAll(text, "\n", `\n`))
	}
	return b.Bytes(), nil
}

func variableName(path envfile.Path) string {
	parts := make([]string, len(path))
	for i, s := range path {
		if s.IsIndex {
			parts[i] = fmt.Sprint(s.Index)
		} else {
			parts[i] = strings.ToUpper(s.Key)
		}
	}
	if len(path) == 1 {
		return path[0].Key // a flat file keeps its names
	}
	return strings.Join(parts, "__")
}

// JSONText returns a value as JSON with indentation and a final line feed.
func JSONText(n *envfile.Node) ([]byte, error) {
	if err := envfile.UTF8(n); err != nil {
		return nil, WithHint(err, "to print the bytes of one value, run without --json: sealcfg get ENV PATH")
	}
	return append(escapeJSON(envfile.JSONText(n, "  ")), '\n'), nil
}

// ConvertFormats are the formats that values can be converted to.
var ConvertFormats = []string{"yaml", "json", "dotenv", "ini"}

// WarnValue warns of a new value that another program reads as a different value.
func (a *App) WarnValue(t *Target, path envfile.Path, typ crypto.Type, text string) {
	reason := envfile.ValueWarning(t.Format, typ, text)
	if reason != "" && typ != crypto.Str {
		reason += "; to keep the text, add: --type str"
	}
	if reason != "" {
		a.Warn("%s: %s: %s", t.Shown, path, reason)
	}
}

// WarnJSON is WarnValue for a JSON value.
func (a *App) WarnJSON(t *Target, path envfile.Path, text string) {
	var s string
	if json.Unmarshal([]byte(text), &s) == nil {
		a.WarnValue(t, path, crypto.Str, s)
		return
	}
	d, err := envfile.Parse(envfile.JSON, []byte(`{"":`+text+`}`))
	if err != nil {
		return // reported when the value is set
	}
	warnings, err := d.Warnings(envfile.Rules{})
	if err == nil && len(warnings) > 0 {
		a.Warn("%s: %s: %s", t.Shown, path, warnings[0].Reason)
	}
}

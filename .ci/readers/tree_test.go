package readers_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A generator makes plaintexts of random trees. Its contents are chosen to be
// ambiguous to some reader.
type generator struct {
	*rand.Rand
	b       strings.Builder
	anchors int
}

// oddStrings are strings that a reader may parse as another type.
var oddStrings = []string{
	"no", "off", "yes", "on", "y", "true", "null", "~", "", "12:30:45", "1:2", "0x1F", "0o17", "0777", "1e3", "1.50", "1_000", "+5", ".inf", ".NaN",
	"2020-01-31", "07:32:00", "2020-01-31T07:32:00Z", "<<", "=", "!!str", "&a", "*a", "- x", "x]", "a: b", "# c", "a #b", "%TAG ! x", "---", "...",
	"ENC[x]", "ENC[", "]", "{}", "[]", "'", "\"", "it's", "\ufeffx", "x\ufeff", "a\u2028b", "a\u0085b", "tab\tbed", " led", "trailed ", "x", "hunter2",
	"a b c", "p@ss:w0rd", "grüße", "😀", "$HOME", "${A}", "\\n", "C:\\new", "@x", "`x`", "|", ">", "?", ":", "?x", "-", ",", "1,000", "0b11", "NULL", "No",
}

var blocks = []string{"two\nlines\n", "two\nlines", "\n\nx\n", "  in\nx\n", "x\n\n", "# no comment\nx\n"}

var keyNames = []string{"a", "b", "c", "db", "host", "port", "password", "user name", "x.y", "ümlaut", "clear_unencrypted", "zone_unencrypted", "k1", "token"}

var oddKeys = []string{"on", "no", "1", "12:30", "~", "null", "<<", "=", "0777", "1e3", "2020-01-31", "y", "true", "", "a: b", "#x", "- x", "!t", "&a"}

func (g *generator) pick(of []string) string { return of[g.IntN(len(of))] }

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

// plaintext returns the text of a tree.
func plaintext(format string, seed uint16) string {
	g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), 1))}
	switch format {
	case "yaml":
		for i := range 1 + g.IntN(4)/3 {
			if i > 0 {
				g.b.WriteString("---\n")
			}
			g.yamlMap("", 3)
		}
	case "json":
		g.json(3, true)
		g.b.WriteString("\n")
	case "toml":
		g.toml()
	case "ini":
		g.ini()
	case "dotenv":
		g.dotenv()
	default:
		for range 1 + g.IntN(5) {
			g.b.WriteString(g.pick(oddStrings) + "\n")
		}
	}
	return g.b.String()
}

// keys returns different names.
func (g *generator) keys(from ...[]string) []string {
	seen := map[string]bool{}
	var out []string
	for range 1 + g.IntN(5) {
		k := g.pick(from[g.IntN(len(from))])
		if !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

func (g *generator) yamlMap(indent string, depth int) {
	for _, k := range g.keys(keyNames, keyNames, oddKeys) {
		if g.one(6) {
			g.b.WriteString(indent + "# " + g.pick([]string{"a comment", "public", "x: y"}) + "\n")
		}
		g.b.WriteString(indent + g.yamlKey(k) + ":")
		g.yamlBelow(indent, depth, strings.HasSuffix(k, "_unencrypted"))
	}
}

func (g *generator) yamlBelow(indent string, depth int, clear bool) {
	switch n := g.IntN(10); {
	case depth > 0 && n == 0:
		g.b.WriteString("\n")
		g.yamlMap(indent+"  ", depth-1)
	case depth > 0 && n == 1:
		g.b.WriteString("\n")
		for range 1 + g.IntN(3) {
			g.b.WriteString(indent + "  - " + g.yamlScalar(indent+"    ", false) + "\n")
		}
	case depth > 0 && n == 2:
		g.b.WriteString(" {x: " + g.yamlScalar("", true) + ", \"y\": [" + g.yamlScalar("", true) + ", " + g.yamlScalar("", true) + "]}\n")
	default:
		anchor := ""
		if clear && g.one(2) {
			g.anchors++
			anchor = fmt.Sprintf(" &a%d", g.anchors)
		}
		g.b.WriteString(anchor + " " + g.yamlScalar(indent+"  ", false))
		if g.one(8) && !strings.HasSuffix(g.b.String(), "\n") {
			g.b.WriteString(" # " + g.pick([]string{"a comment", "public"}))
		}
		g.b.WriteString("\n")
	}
}

func (g *generator) yamlKey(k string) string {
	for _, name := range keyNames {
		if k == name && g.one(2) {
			return k
		}
	}
	return g.inQuotes(k)
}

func (g *generator) inQuotes(s string) string {
	if g.one(2) && !strings.ContainsAny(s, "\n\t\ufeff\u2028\u0085") {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return spellDouble(s)
}

func spellDouble(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteString(`\` + string(r))
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\ufeff', '\u2028', '\u0085':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

func (g *generator) yamlScalar(indent string, flow bool) string {
	switch g.IntN(12) {
	case 0:
		return strconv.Itoa(g.IntN(100000) - 5000)
	case 1:
		return g.pick([]string{"1.5", "-0.25", "1000.0", ".inf", "1.0e+22"})
	case 2:
		return g.pick([]string{"true", "false"})
	case 3:
		return g.pick([]string{"null", "~"})
	case 4:
		return g.pick([]string{"2020-01-31", "2001-12-14T21:59:43Z", "2001-12-14T21:59:43.1-05:00"})
	case 5, 6:
		return g.pick([]string{"plain", "two words", "hunter2", "a-b", "x_y", "v1.10.2"})
	case 7:
		if !flow {
			text := g.pick(blocks)
			if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\n") {
				break
			}
			header, body := "|", strings.TrimRight(text, "\n")
			if !strings.HasSuffix(text, "\n") {
				header = "|-"
			} else if strings.HasSuffix(text, "\n\n") {
				header, body = "|+", strings.TrimSuffix(text, "\n")
			}
			lines := strings.Split(body, "\n")
			for i, l := range lines {
				if l != "" {
					lines[i] = indent + l
				}
			}
			return header + "\n" + strings.Join(lines, "\n")
		}
	}
	return g.inQuotes(g.pick(oddStrings))
}

func (g *generator) json(depth int, object bool) {
	if !object {
		switch g.IntN(9) {
		case 0:
			if depth > 0 {
				g.json(depth-1, true)
				return
			}
		case 1:
			if depth > 0 {
				g.b.WriteString("[")
				for i := range g.IntN(4) {
					if i > 0 {
						g.b.WriteString(", ")
					}
					g.json(depth-1, false)
				}
				g.b.WriteString("]")
				return
			}
		case 2:
			g.b.WriteString(strconv.Itoa(g.IntN(1e6) - 1000))
			return
		case 3:
			g.b.WriteString(g.pick([]string{"true", "false", "null", "1.5", "-0.25", "{}", "[]"}))
			return
		}
		g.b.WriteString(quote(g.pick(oddStrings)))
		return
	}
	g.b.WriteString("{\n")
	for i, k := range g.keys(keyNames, keyNames, oddKeys) {
		if i > 0 {
			g.b.WriteString(",\n")
		}
		g.b.WriteString("  " + quote(k) + ": ")
		g.json(depth, false)
	}
	g.b.WriteString("\n}")
}

func (g *generator) toml() {
	for _, k := range g.keys(keyNames, oddKeys) {
		g.b.WriteString(spellDouble(k) + " = " + g.tomlValue(2) + "\n")
	}
	for i := range g.IntN(3) {
		g.b.WriteString(fmt.Sprintf("\n# a comment\n[t%d]\n", i))
		for _, k := range g.keys(keyNames) {
			g.b.WriteString(spellDouble(k) + " = " + g.tomlValue(2) + "\n")
		}
	}
	for range g.IntN(3) {
		g.b.WriteString("\n[[list]]\nname = " + g.tomlValue(0) + "\n")
	}
}

func (g *generator) tomlValue(depth int) string {
	switch g.IntN(11) {
	case 0:
		return strconv.Itoa(g.IntN(1000))
	case 1:
		return g.pick([]string{"1.5", "true", "false", "inf", "-0.25"})
	case 2:
		return g.pick([]string{"2020-01-31", "07:32:00", "2020-01-31T07:32:00"})
	case 3:
		return "2020-01-31T07:32:00Z"
	case 4:
		if depth > 0 {
			return "[" + g.tomlValue(depth-1) + ", " + g.tomlValue(depth-1) + "]"
		}
	case 5:
		if depth > 0 {
			return "{ x = " + g.tomlValue(depth-1) + ", \"y\" = " + g.tomlValue(depth-1) + " }"
		}
	case 6:
		return "\"\"\"\ntwo\nlines\"\"\""
	case 7:
		return "'" + g.pick([]string{"plain", "no", "2020-01-31", "07:32:00", "C:\\new"}) + "'"
	}
	return spellDouble(g.pick(oddStrings))
}

// lineStrings are values of formats that have no quotes.
func (g *generator) lineString() string {
	for {
		if s := g.pick(oddStrings); !strings.ContainsAny(s, "\n\t\ufeff\u2028\u0085\"'`#;\\=") && strings.TrimSpace(s) == s {
			return s
		}
	}
}

func (g *generator) ini() {
	for i := range 1 + g.IntN(3) {
		if g.one(3) {
			g.b.WriteString("; a comment\n")
		}
		g.b.WriteString(fmt.Sprintf("[s%d]\n", i))
		for _, k := range g.keys([]string{"a", "b", "host", "port", "zone_unencrypted", "token", "on", "no"}) {
			g.b.WriteString(k + " = " + g.lineString() + "\n")
		}
		g.b.WriteString("\n")
	}
}

func (g *generator) dotenv() {
	for _, k := range g.keys([]string{"A", "B", "HOST", "PORT", "ZONE_unencrypted", "TOKEN", "ON"}) {
		if g.one(4) {
			g.b.WriteString("# a comment\n")
		}
		g.b.WriteString(k + "=" + g.lineString() + "\n")
	}
}

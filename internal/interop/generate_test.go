package interop

import (
	"fmt"
	"strings"
)

// Documents of the formats other than YAML, made of random bytes: any bytes produce
// mostly well-formed documents, with keys that the selectors of someRules match.

var plainNames = []string{"a", "password", "x_plain", "b_secret", "user", "token", "group", "deep", "name", "list", "größe", "k l", "m:n", "x.y", "export z"}

// name is a name that the document has not had yet.
func (g *generate) name(names []string) string {
	g.keys++
	name := names[g.next(len(names))]
	if g.keys > 1 {
		name = fmt.Sprintf("k%d%s", g.keys, name)
	}
	return name
}

func (g *generate) pick(of ...string) string { return of[g.next(len(of))] }

func (g *generate) write(parts ...string) {
	for _, p := range parts {
		g.out.WriteString(p)
	}
}

var jsonScalars = []string{
	`"x"`, `"same"`, `"same"`, `""`, `"two words"`, `5`, `-7`, `0`, `-0`, `1.50`, `1.0`, `1e3`, `1E-2`, `-0.0`, `9223372036854775807`, `-9223372036854775808`,
	`9223372036854775808`, `1e400`, `0.1`, `1e20`, `true`, `false`, `null`, `"5"`, `"true"`, `"2024-01-31"`, `"a\nb"`, `"\u00e9\ud83d\ude00"`, `"\u0000"`,
	`"<&>\u2028"`, `"a\/b"`, `"\\"`, `"\""`, `"ENC[AES256_GCM,x]"`, `"größe 😀"`, `"` + "\u2028" + `"`, `"\ufffd"`, `"#ENC"`,
}

func (g *generate) space() { g.write(g.pick("", " ", "", "\n", "\r\n", "\t", "  ")) }

func (g *generate) jsonValue() {
	kind := g.next(6)
	if g.depth > 3 || len(g.in) == 0 {
		kind = 0
	}
	g.depth++
	defer func() { g.depth-- }()
	switch kind {
	case 4:
		g.jsonObject()
	case 5:
		g.write("[")
		for i := range g.next(5) {
			if i > 0 {
				g.write(",")
			}
			g.space()
			g.jsonValue()
		}
		g.space()
		g.write("]")
	default:
		g.write(jsonScalars[g.next(len(jsonScalars))])
	}
}

func (g *generate) jsonObject() {
	g.write("{")
	for i := range g.next(5) {
		if i > 0 {
			g.space()
			g.write(",")
		}
		g.space()
		g.write(`"`, g.name(append(plainNames, `q\"k`, `\u0061b`, "")), `"`)
		g.space()
		g.write(":")
		g.space()
		g.jsonValue()
	}
	g.space()
	g.write("}")
}

func jsonDocument(seed []byte) []byte {
	g := &generate{in: seed}
	g.jsonObject()
	g.space()
	return []byte(g.out.String())
}

var lineValues = []string{
	"x", "same", "same", "", "two words", "5", "1.50", "true", "null", " lead", "trail ", `"quoted"`, `'single'`, `"a`, `a\nb`, `\n`, `a\\nb`, `\\`, `a\`,
	"a=b", "a#b", "a # b", "; no", "a ; b", `"a ; b"`, "größe 😀", "\r", "a\rb", "\t", "ENC[AES256_GCM,x]", "[x]", "`back`", "`a # b`", `"""triple"""`, "$HOME", "%(a)s", "\u00a0", "a:b", "caf\xe9", "\xff\x00\xfe",
}

func dotenvDocument(seed []byte) []byte {
	g := &generate{in: seed}
	for range g.next(8) {
		switch g.next(6) {
		case 0:
			g.write("#", g.pick(" public", " secret", "", "c", "# x", " ENC", "\\n", " caf\xe9"))
		case 1: // an empty line
		case 2:
			g.write(g.pick("a", "password", "same")) // may occur twice
			g.write("=", lineValues[g.next(len(lineValues))])
		default:
			g.write(g.name(plainNames), "=", lineValues[g.next(len(lineValues))])
		}
		g.write(g.pick("\n", "\n", "\n", "\r\n"))
	}
	text := g.out.String()
	if g.next(4) == 3 {
		text = strings.TrimSuffix(text, "\n")
	}
	return []byte(text)
}

func iniDocument(seed []byte) []byte {
	g := &generate{in: seed}
	eol := g.pick("\n", "\n", "\r\n")
	for range g.next(10) {
		g.write(g.pick("", "", "", "  "))
		switch g.next(7) {
		case 0, 1:
			g.write(g.pick("#", ";", "# ", "; ", "## ", ";; "), g.pick("public", "secret", "", "c", "a = b", "public", "caf\xe9"))
		case 2: // an empty line
		case 3:
			g.write("[", g.pick("a", "group", "deep", "DEFAULT", "b_secret", "x y", "a.b", "default", ""), "]", g.pick("", "", " # public", " ; c"))
		default:
			name := g.name(plainNames)
			if strings.Contains(name, ":") {
				name = "c"
			}
			g.write(name, g.pick("=", " = ", ": ", "   =  "), lineValues[g.next(len(lineValues))], g.pick("", "", "", " ", " # public", " ; c"))
		}
		g.write(eol)
	}
	text := g.out.String()
	if g.next(4) == 3 {
		text = strings.TrimSuffix(text, eol)
	}
	return []byte(text)
}

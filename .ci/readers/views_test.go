package readers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/joho/godotenv"
	"gopkg.in/ini.v1"
)

// A view has a line for each map, list and value that a reader sees, with its path and type: the
// same lines as those of reader.py.
type view struct{ lines []string }

func (v *view) add(at, what string) { v.lines = append(v.lines, at+" "+what) }

func (v *view) String() string { return strings.Join(v.lines, "\n") }

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r > 0xFFFF:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func float(f float64) string {
	if math.IsNaN(f) {
		return "f nan"
	}
	return fmt.Sprintf("f%016x", math.Float64bits(f))
}

func moment(t time.Time) string {
	return "t" + t.UTC().Format("2006-01-02T15:04:05.999999999")
}

// goReaders are readers in Go that share no code with envfile, by the format that they read.
var goReaders = map[string]func(text []byte) (*view, error){
	"yaml": readGoccy, "json": readJSON, "toml": readTOML, "ini": readINI, "dotenv": readDotenv,
}

func readGoccy(text []byte) (v *view, err error) {
	defer func() {
		if r := recover(); r != nil { // it does so on some documents
			v, err = nil, fmt.Errorf("goccy/go-yaml: %v", r)
		}
	}()
	// YAML allows a byte order mark at the beginning, which this library takes for text.
	f, err := parser.ParseBytes(bytes.TrimPrefix(text, []byte("\ufeff")), 0)
	if err != nil {
		return nil, err
	}
	v = &view{}
	i := 0
	for _, doc := range f.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		g := goccy{v: v, anchors: map[string]ast.Node{}}
		g.node(strconv.Itoa(i), doc.Body)
		i++
	}
	return v, nil
}

type goccy struct {
	v       *view
	anchors map[string]ast.Node
	depth   int
}

func (g *goccy) node(at string, n ast.Node) {
	if g.depth++; g.depth > 1000 {
		panic("too deep")
	}
	defer func() { g.depth-- }()
	switch n := n.(type) {
	case *ast.MappingNode:
		g.v.add(at, "{}")
		for _, e := range n.Values {
			g.node(at+"."+g.key(e.Key), e.Value)
		}
	case *ast.MappingValueNode:
		g.v.add(at, "{}")
		g.node(at+"."+g.key(n.Key), n.Value)
	case *ast.SequenceNode:
		g.v.add(at, "[]")
		for i, e := range n.Values {
			g.node(fmt.Sprintf("%s[%d]", at, i), e)
		}
	case *ast.AnchorNode:
		g.anchors[n.Name.GetToken().Value] = n.Value
		g.node(at, n.Value)
	case *ast.AliasNode:
		to, ok := g.anchors[n.Value.GetToken().Value]
		if !ok {
			panic("no anchor")
		}
		g.node(at, to)
	case *ast.TagNode:
		value := n.Value
		if a, ok := value.(*ast.AnchorNode); ok {
			g.anchors[a.Name.GetToken().Value] = a.Value
			value = a.Value
		}
		switch {
		case value == nil:
			g.v.add(at, shortTag(n)+" null")
		case shortTag(n) == "!!str":
			g.v.add(at, goccyString(value))
		case implied(shortTag(n), value):
			g.node(at, value)
		case value.Type() == ast.SequenceType || value.Type() == ast.MappingType || value.Type() == ast.MappingValueType:
			g.v.add(at, shortTag(n))
			g.node(at, value)
		default:
			g.v.add(at, shortTag(n)+" "+quote(value.GetToken().Value))
		}
	case nil:
		g.v.add(at, "null")
	default:
		g.v.add(at, goccyScalar(n))
	}
}

func (g *goccy) key(n ast.MapKeyNode) string {
	switch n := n.(type) {
	case *ast.AnchorNode:
		g.anchors[n.Name.GetToken().Value] = n.Value
		return goccyScalar(n.Value)
	case *ast.TagNode:
		if shortTag(n) == "!!str" {
			return goccyString(n.Value)
		}
		return shortTag(n) + " " + quote(n.Value.GetToken().Value)
	}
	return goccyScalar(n)
}

func shortTag(n *ast.TagNode) string {
	if core, ok := strings.CutPrefix(n.Start.Value, "!<tag:yaml.org,2002:"); ok {
		return "!!" + strings.TrimSuffix(core, ">")
	}
	return n.Start.Value
}

// implied reports whether a node without the tag is the same.
func implied(tag string, n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return tag == "!!map" || tag == "!"
	case *ast.SequenceNode:
		return tag == "!!seq" || tag == "!"
	case *ast.IntegerNode:
		return tag == "!!int"
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return tag == "!!float"
	case *ast.BoolNode:
		return tag == "!!bool"
	case *ast.NullNode:
		return tag == "!!null"
	case *ast.StringNode: // which a time is to this library
		return tag == "!!timestamp"
	}
	return false
}

// goccyString returns a scalar with the tag !!str.
func goccyString(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return goccyScalar(n)
	}
	return quote(n.GetToken().Value)
}

func goccyScalar(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return quote(n.Value)
	case *ast.LiteralNode:
		return quote(n.Value.Value)
	case *ast.IntegerNode:
		return fmt.Sprintf("i%d", n.Value)
	case *ast.FloatNode:
		return float(n.Value)
	case *ast.InfinityNode:
		return float(n.Value)
	case *ast.NanNode:
		return float(math.NaN())
	case *ast.BoolNode:
		return strconv.FormatBool(n.Value)
	case *ast.NullNode:
		return "null"
	case *ast.MergeKeyNode:
		return `!merge "<<"`
	}
	panic(fmt.Sprintf("%T", n))
}

// readJSON reads tokens: a map of Go would hide names that occur twice.
func readJSON(text []byte) (*view, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v := &view{}
	var value func(at string) error
	value = func(at string) error {
		tok, err := d.Token()
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case json.Delim:
			v.add(at, map[json.Delim]string{'{': "{}", '[': "[]"}[tok])
			for i := 0; d.More(); i++ {
				in := fmt.Sprintf("%s[%d]", at, i)
				if tok == '{' {
					key, err := d.Token()
					if err != nil {
						return err
					}
					in = at + "." + quote(key.(string))
				}
				if err := value(in); err != nil {
					return err
				}
			}
			_, err := d.Token()
			return err
		case json.Number:
			if i, err := strconv.ParseInt(tok.String(), 10, 64); err == nil {
				v.add(at, fmt.Sprintf("i%d", i))
				return nil
			}
			f, err := tok.Float64()
			if err != nil {
				return err
			}
			v.add(at, float(f))
		case string:
			v.add(at, quote(tok))
		case bool:
			v.add(at, strconv.FormatBool(tok))
		default:
			v.add(at, "null")
		}
		return nil
	}
	if err := value("0"); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("text after the value")
	}
	return v, nil
}

func readTOML(text []byte) (*view, error) {
	var m map[string]any
	_, err := toml.Decode(string(text), &m)
	if err != nil {
		return nil, err
	}
	v := &view{}
	v.tables("0", m)
	return v, nil
}

func (v *view) tables(at string, value any) {
	switch value := value.(type) {
	case map[string]any:
		v.add(at, "{}")
		for _, k := range sortedKeys(value) {
			v.tables(at+"."+quote(k), value[k])
		}
	case []map[string]any:
		v.add(at, "[]")
		for i, e := range value {
			v.tables(fmt.Sprintf("%s[%d]", at, i), e)
		}
	case []any:
		v.add(at, "[]")
		for i, e := range value {
			v.tables(fmt.Sprintf("%s[%d]", at, i), e)
		}
	case string:
		v.add(at, quote(value))
	case int64:
		v.add(at, fmt.Sprintf("i%d", value))
	case float64:
		v.add(at, float(value))
	case bool:
		v.add(at, strconv.FormatBool(value))
	case time.Time:
		switch value.Location().String() {
		case "datetime-local", "date-local", "time-local":
			v.add(at, value.Location().String()+" "+value.Format(time.RFC3339Nano))
		default:
			v.add(at, moment(value))
		}
	}
}

func readINI(text []byte) (*view, error) {
	f, err := ini.LoadSources(ini.LoadOptions{AllowNonUniqueSections: true}, text)
	if err != nil {
		return nil, err
	}
	v := &view{}
	v.add("0", "{}")
	for _, s := range f.Sections() {
		at := "0." + quote(s.Name())
		if s.Name() == ini.DefaultSection && len(s.Keys()) == 0 {
			continue
		}
		v.add(at, "{}")
		for _, k := range s.Keys() {
			v.add(at+"."+quote(k.Name()), quote(k.Value()))
		}
	}
	return v, nil
}

func readDotenv(text []byte) (*view, error) {
	m, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		return nil, err
	}
	v := &view{}
	v.add("0", "{}")
	for _, k := range sortedKeys(m) {
		v.add("0."+quote(k), quote(m[k]))
	}
	return v, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

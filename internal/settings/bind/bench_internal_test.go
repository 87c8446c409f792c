package bind

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

// manyFields returns a struct type with groups of ten fields each, and YAML that sets all of them.
func manyFields(groups int) (reflect.Type, string) {
	var group []reflect.StructField
	for i, t := range []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[float64](),
		reflect.TypeFor[string](), reflect.TypeFor[uint16](), reflect.TypeFor[string](), reflect.TypeFor[string](), reflect.TypeFor[string](),
	} {
		group = append(group, reflect.StructField{Name: fmt.Sprintf("Field%d", i), Type: t, Tag: reflect.StructTag(fmt.Sprintf(`cfg:"field%d"`, i))})
	}
	values := []string{"text", "5", "true", "'more text'", "1.5", "a", "80", "b", "c", "the end"}
	var all []reflect.StructField
	var text strings.Builder
	for i := range groups {
		all = append(all, reflect.StructField{Name: fmt.Sprintf("Group%d", i), Type: reflect.StructOf(group), Tag: reflect.StructTag(fmt.Sprintf(`cfg:"group%d"`, i))})
		fmt.Fprintf(&text, "group%d:\n", i)
		for j, v := range values {
			fmt.Fprintf(&text, "  field%d: %s\n", j, v)
		}
	}
	return reflect.StructOf(all), text.String()
}

// BenchmarkBind measures how long it takes to fill a struct of 1,000 fields from a parsed file,
// with and without parsing. The benchmarks in bench/ compare this with other libraries.
func BenchmarkBind(b *testing.B) {
	t, text := manyFields(100)
	p, err := PlanOf(t)
	require.NoError(b, err)
	parse := func() *tree.Node {
		d, err := envfile.Parse(envfile.YAML, []byte(text))
		require.NoError(b, err)
		n := new(tree.Node)
		tree.FromFile(n, d.Roots()[0], "prod.yaml")
		return n
	}
	bind := func(n *tree.Node) {
		into := &Binder{File: "prod.yaml"}
		into.Bind(p, reflect.New(t).Elem(), n, &tree.FieldPath{})
		require.Zero(b, into.Count())
		NewOriginTable(into.Origins)
	}
	b.Run("tree", func(b *testing.B) {
		n := parse()
		b.ReportAllocs()
		for b.Loop() {
			bind(n)
		}
	})
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bind(parse())
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parse()
		}
	})
}

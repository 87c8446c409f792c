package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// A shape is a file as lines, one for each place: path, type, canonical text.
// Both sides are brought into this form to be compared.

func oursShape(roots []*envfile.Node) []string {
	var out []string
	for i, root := range roots {
		oursNode(&out, fmt.Sprintf("#%d", i), root)
	}
	return out
}

func oursNode(out *[]string, at string, n *envfile.Node) {
	switch n.Kind {
	case envfile.Map:
		*out = append(*out, at+" map")
		for e := range n.Entries() {
			oursNode(out, fmt.Sprintf("%s.%q", at, e.Key), e)
		}
	case envfile.List:
		*out = append(*out, at+" list")
		i := 0
		for e := range n.Entries() {
			oursNode(out, fmt.Sprintf("%s[%d]", at, i), e)
			i++
		}
	case envfile.Null:
		*out = append(*out, at+" null")
	case envfile.Value:
		*out = append(*out, fmt.Sprintf("%s %s %q", at, n.Type, n.Text))
	default:
		panic("a comment among the entries")
	}
}

func sopsShape(t testing.TB, branches sops.TreeBranches) []string {
	var out []string
	for i, b := range branches {
		sopsValue(t, &out, fmt.Sprintf("#%d", i), b)
	}
	return out
}

func sopsValue(t testing.TB, out *[]string, at string, v any) {
	kind := ""
	switch v := v.(type) {
	case sops.TreeBranch:
		*out = append(*out, at+" map")
		for _, item := range v {
			if _, ok := item.Key.(sops.Comment); ok {
				continue
			}
			key, ok := item.Key.(string)
			require.True(t, ok, "key of type %T", item.Key)
			sopsValue(t, out, fmt.Sprintf("%s.%q", at, key), item.Value)
		}
		return
	case []any:
		*out = append(*out, at+" list")
		i := 0
		for _, item := range v {
			if _, ok := item.(sops.Comment); ok {
				continue
			}
			sopsValue(t, out, fmt.Sprintf("%s[%d]", at, i), item)
			i++
		}
		return
	case nil:
		*out = append(*out, at+" null")
		return
	case string:
		kind = "str"
	case int:
		kind = "int"
	case float64:
		kind = "float"
	case bool:
		kind = "bool"
	case time.Time:
		kind = "time"
	default:
		require.Failf(t, "unknown type", "%T at %s", v, at)
	}
	text, err := sops.ToBytes(v)
	require.NoError(t, err)
	*out = append(*out, fmt.Sprintf("%s %s %q", at, kind, text))
}

// sopsComments lists the comments of a tree in the order in which sops has them.
func sopsComments(branches sops.TreeBranches) []string {
	var out []string
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case sops.TreeBranch:
			for _, item := range v {
				if c, ok := item.Key.(sops.Comment); ok {
					out = append(out, c.Value)
					continue
				}
				visit(item.Value)
			}
		case []any:
			for _, item := range v {
				visit(item)
			}
		case sops.Comment:
			out = append(out, v.Value)
		}
	}
	for _, b := range branches {
		visit(b)
	}
	return out
}

func countSealedText(texts []string) int {
	n := 0
	for _, s := range texts {
		if strings.Contains(s, "ENC[AES256_GCM") {
			n++
		}
	}
	return n
}

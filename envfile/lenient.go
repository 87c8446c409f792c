package envfile

import (
	"math"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// What sops takes for a text, a boolean, a number or a list in metadata. It
// decodes with mapstructure, WeaklyTypedInput set, and so do we: a selector that
// we read otherwise would seal other values.

// lenientText reads a text. In YAML a time is none: it has to be quoted.
func lenientText(n *Node) (text string, ok bool) {
	switch {
	case n.Kind == Null:
		return "", true
	case n.Kind != Value || n.Type == crypto.Time:
		return "", false
	case n.Type == crypto.Bool && n.Text == crypto.FormatBool(true):
		return "1", true
	case n.Type == crypto.Bool:
		return "0", true
	}
	return n.Text, true
}

func lenientBool(n *Node) (value, ok bool) {
	text, ok := lenientText(n)
	if !ok || text == "" {
		return false, ok
	}
	if n.Type == crypto.Int || n.Type == crypto.Float {
		f, err := strconv.ParseFloat(text, 64)
		return f != 0, err == nil
	}
	value, err := strconv.ParseBool(text)
	return value, err == nil
}

// lenientCount reads a number that is not negative.
func lenientCount(n *Node) (value int, ok bool) {
	text, ok := lenientText(n)
	if !ok || text == "" {
		return 0, ok
	}
	if n.Type == crypto.Float {
		f, err := strconv.ParseFloat(text, 64)
		return int(f), err == nil && f >= 0 && f < math.MaxInt32
	}
	// sops 3.9 wrote 2.000000 into INI files.
	i, err := strconv.ParseInt(strings.TrimSuffix(text, ".000000"), 0, 32)
	return int(i), err == nil && i >= 0
}

// lenientList reads a list; a map is one of a single entry, or of none.
func lenientList(n *Node) (entries []*Node, ok bool) {
	switch n.Kind {
	case Null:
		return nil, true
	case Map:
		if n.Len() > 0 {
			return []*Node{n}, true
		}
		return nil, true
	case List:
		for e := range n.Entries() {
			entries = append(entries, e)
		}
		return entries, true
	}
	return nil, false
}

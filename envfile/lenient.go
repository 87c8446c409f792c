package envfile

import (
	"math"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// This file converts metadata values to strings, booleans, numbers and lists as sops does. sops
// decodes with mapstructure and WeaklyTypedInput. A selector that is converted differently would
// encrypt other values.

// lenientText converts a value to a string. A YAML time is rejected: it must be quoted.
func lenientText(n *tree.Node) (text string, ok bool) {
	switch {
	case n.Kind == tree.Null:
		return "", true
	case n.Kind != tree.Value || n.Type == crypto.Time:
		return "", false
	case n.Type == crypto.Bool && n.Text == crypto.FormatBool(true):
		return "1", true
	case n.Type == crypto.Bool:
		return "0", true
	}
	return n.Text, true
}

func lenientBool(n *tree.Node) (value, ok bool) {
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

// lenientCount converts a value to a number that is not negative.
func lenientCount(n *tree.Node) (value int, ok bool) {
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

// lenientList converts a value to a list. A map becomes a list of one entry, an empty map an empty
// list.
func lenientList(n *tree.Node) (entries []*tree.Node, ok bool) {
	switch n.Kind {
	case tree.Null:
		return nil, true
	case tree.Map:
		if n.Len() > 0 {
			return []*tree.Node{n}, true
		}
		return nil, true
	case tree.List:
		for e := range n.Entries() {
			entries = append(entries, e)
		}
		return entries, true
	}
	return nil, false
}

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/closest"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// A FieldName is the name of a field in messages and JSON.
type FieldName struct {
	Document int    `json:"document,omitempty"` // from 1; 0 in a file with one document
	Path     string `json:"path"`
}

// String returns the name for a message.
func (f FieldName) String() string {
	if f.Document > 0 {
		return fmt.Sprintf("document %d: %s", f.Document, f.Path)
	}
	return f.Path
}

// NameOfField returns the name of a field. Documents count from 0 here.
func NameOfField(document int, path envfile.Path, several bool) FieldName {
	if !several {
		document = -1
	}
	return FieldName{document + 1, path.String()}
}

// DocumentFlag adds --document to a command.
func DocumentFlag(cmd *cobra.Command, to *int) {
	cmd.Flags().IntVar(to, "document", 1, "the document `N` of a file with several, from 1")
}

// documentPrefix matches the way in which messages name a field of one of several
// documents.
var documentPrefix = pattern.New(`^\s*(?i:document)\s+([0-9]+)\s*:\s*(.*)$`)

// ParseField parses the path of a field. It rejects the number of a document in front of
// the path, which would otherwise become part of the name of a new field.
func ParseField(text string) (envfile.Path, error) {
	if m := documentPrefix().FindStringSubmatch(text); m != nil {
		return nil, WithHint(Usagef("%q begins with the number of a document, which is not a part of the path", text),
			"give the document by a flag: %s --document %s\nif a field has this name, put it in quotes: '[%q]'", ShellWord(m[2]), m[1], text)
	}
	path, err := envfile.ParsePath(text)
	if err != nil {
		return nil, Usage(err)
	}
	return path, nil
}

// DocumentRoot returns the document that --document selects.
func DocumentRoot(t *Target, roots []*envfile.Node, n int) (*envfile.Node, error) {
	if n < 1 || n > len(roots) {
		return nil, Usagef("--document %d: %s has %s", n, t.Shown, Count(len(roots), "document", "documents"))
	}
	return roots[n-1], nil
}

// closestField returns the field with the path most similar to path.
func closestField(root *envfile.Node, path string) string {
	var all []string
	for p := range root.Leaves() {
		all = append(all, p.String())
	}
	guess, _ := closest.Of(path, all)
	return guess
}

// LookUp returns the node at a path of a document. Documents count from 1.
func LookUp(t *Target, roots []*envfile.Node, path string, document int) (*envfile.Node, error) {
	p, err := ParseField(path)
	if err != nil {
		return nil, err
	}
	root, err := DocumentRoot(t, roots, document)
	if err != nil {
		return nil, err
	}
	if n := root.At(p); n != nil {
		if again := Repeated(root); t.Format == envfile.INI && n.Kind == envfile.Map && again != nil && again.Key == n.Key {
			err := fmt.Errorf("%s:%d: the section %s begins a second time", t.Shown, again.KeyLine, p)
			return nil, WithHint(err, "add the name of a key: %s.NAME", p)
		}
		return n, nil
	}
	return nil, NoField(t, roots, p, document)
}

// NoField returns the error for a path that is not in a document. Documents count from 1;
// 0 is for commands of sops, which read the first.
func NoField(t *Target, roots []*envfile.Node, path envfile.Path, document int) error {
	ofSops := document == 0
	document = max(1, document)
	err := fmt.Errorf("%s: %s: %w", t.Shown, NameOfField(document-1, path, len(roots) > 1), envfile.ErrNoField)
	for i, other := range roots {
		if other.At(path) != nil && ofSops {
			return WithHint(err, "document %d has this field; print it with: sealcfg get %s %s --document %d", i+1, ShellWord(t.Name), quoted(path.String()), i+1)
		}
		if other.At(path) != nil {
			return WithHint(err, "document %d has this field: add --document %d", i+1, i+1)
		}
	}
	if guess := closestField(roots[document-1], path.String()); guess != "" {
		return WithHint(err, "did you mean %s?", guess)
	}
	return WithHint(err, "to list the fields, run: sealcfg view %s", t.Name)
}

// IsUsage reports whether the path of an operation is invalid, and not the file.
func IsUsage(err error) bool { return errors.Is(err, envfile.ErrPath) }

// Repeated returns the second entry of a name that occurs twice in a map, at any level, or
// nil.
func Repeated(n *envfile.Node) *envfile.Node {
	seen := map[string]bool{}
	for e := range n.Entries() {
		if n.Kind == envfile.Map && seen[e.Key] {
			return e
		}
		seen[e.Key] = true
		if found := Repeated(e); found != nil {
			return found
		}
	}
	return nil
}

// FieldNames returns the names of fields.
func FieldNames(fields []envfile.Field, several bool) []FieldName {
	names := make([]FieldName, len(fields))
	for i, f := range fields {
		names[i] = NameOfField(f.Document, f.Path, several)
	}
	return names
}

// JoinFields lists fields in a message.
func JoinFields(fields []FieldName) string { return JoinNames(FieldTexts(fields)) }

func FieldTexts(fields []FieldName) []string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = CleanName(f.String())
	}
	return texts
}

// FieldInfo is one line of view.
type FieldInfo struct {
	FieldName
	Type   string  `json:"type"`
	Sealed bool    `json:"sealed"`
	Length int     `json:"length"` // of the text, in bytes
	Value  *string `json:"value,omitempty"`
	Base64 string  `json:"value_base64,omitempty"` // of a value that is not UTF-8
}

func FieldInfos(roots []*envfile.Node, reveal bool) []FieldInfo {
	var fields []FieldInfo
	for i, root := range roots {
		for path, n := range root.Leaves() {
			f := FieldInfo{FieldName: NameOfField(i, path, len(roots) > 1), Type: string(n.Type), Length: len(n.Text)}
			if n.Kind == envfile.Null {
				f.Type = "null"
			}
			text := shownText(n)
			typ, length, err := crypto.SealedType(strings.TrimRight(n.Text, "\n"))
			switch {
			case n.Sealed: // opened
				f.Sealed, f.Value = true, &text
			case err == nil && n.Type == crypto.Str: // still sealed
				f.Sealed, f.Type, f.Length = true, string(typ), length
			default:
				f.Value = &text
			}
			if reveal && f.Value == nil {
				f.Value = &text
			}
			fields = append(fields, f)
		}
	}
	return fields
}

// SealedCount is the number of values in a file that are sealed.
func SealedCount(s *envfile.Sealed) int {
	n := 0
	for _, f := range FieldInfos(s.Roots(), false) {
		if f.Sealed {
			n++
		}
	}
	return n
}

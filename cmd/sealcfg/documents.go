package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// A fieldName is the name of a field in messages and JSON.
type fieldName struct {
	Document int    `json:"document,omitempty"` // from 1; 0 in a file with one document
	Path     string `json:"path"`
}

// String returns the name for a message.
func (f fieldName) String() string {
	if f.Document > 0 {
		return fmt.Sprintf("document %d: %s", f.Document, f.Path)
	}
	return f.Path
}

// nameOfField returns the name of a field. Documents count from 0 here.
func nameOfField(document int, path envfile.Path, several bool) fieldName {
	if !several {
		document = -1
	}
	return fieldName{document + 1, path.String()}
}

// documentFlag adds --document to a command.
func documentFlag(cmd *cobra.Command, to *int) {
	cmd.Flags().IntVar(to, "document", 1, "the document `N` of a file with several, from 1")
}

// documentPrefix matches the way in which messages name a field of one of several
// documents.
var documentPrefix = pattern.New(`^\s*(?i:document)\s+([0-9]+)\s*:\s*(.*)$`)

// parseField parses the path of a field. It rejects the number of a document in front of
// the path, which would otherwise become part of the name of a new field.
func parseField(text string) (envfile.Path, error) {
	if m := documentPrefix().FindStringSubmatch(text); m != nil {
		return nil, withHint(usagef("%q begins with the number of a document, which is not a part of the path", text),
			"give the document by a flag: %s --document %s\nif a field has this name, put it in quotes: '[%q]'", shellWord(m[2]), m[1], text)
	}
	path, err := envfile.ParsePath(text)
	if err != nil {
		return nil, usageError{err}
	}
	return path, nil
}

// documentRoot returns the document that --document selects.
func documentRoot(t *target, roots []*envfile.Node, n int) (*envfile.Node, error) {
	if n < 1 || n > len(roots) {
		return nil, usagef("--document %d: %s has %s", n, t.shown, countOf(len(roots), "document", "documents"))
	}
	return roots[n-1], nil
}

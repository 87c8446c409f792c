package sealcfg

import (
	"errors"
	"io"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/jsontoken"
)

// jsonNode reads a JSON text. Its scalars are texts like any other of the
// process environment. It returns nil for what is no JSON and for an object
// with a key that stands twice; what exactly is wrong is not said.
func jsonNode(text string, at Origin) *node {
	r := &jsonReader{tokens: jsontoken.New([]byte(text)), origin: at}
	n := r.value(r.next())
	if _, err := r.tokens.Next(); r.bad || !errors.Is(err, io.EOF) {
		return nil
	}
	return n
}

type jsonReader struct {
	tokens *jsontoken.Reader
	origin Origin
	bad    bool
}

func (r *jsonReader) next() jsontoken.Token {
	token, err := r.tokens.Next()
	r.bad = r.bad || err != nil
	return token
}

// value reads the value that begins with a token.
func (r *jsonReader) value(token jsontoken.Token) *node {
	n := &node{kind: nodeScalar, text: token.Text, origin: r.origin}
	switch token.Kind {
	case jsontoken.Object:
		n.kind = nodeMap
		r.entries(n)
	case jsontoken.List:
		n.kind = nodeList
		r.entries(n)
	case jsontoken.String:
		n.json = crypto.Str
	case jsontoken.Number:
		n.json = crypto.Int
		if strings.ContainsAny(n.text, ".eE") {
			n.json = crypto.Float
		}
	case jsontoken.True:
		n.text, n.json = "true", crypto.Bool
	case jsontoken.False:
		n.text, n.json = "false", crypto.Bool
	default:
		n.kind = nodeNull
	}
	return n
}

func (r *jsonReader) entries(n *node) {
	seen := make(map[string]bool)
	for {
		token := r.next()
		if r.bad || token.Closes() {
			return
		}
		key := token
		if n.kind == nodeMap {
			r.bad = seen[key.Text]
			seen[key.Text] = true
			token = r.next()
		}
		e := r.value(token)
		if n.kind == nodeMap {
			e.key, e.keyOrigin = key.Text, r.origin
		}
		n.entries = append(n.entries, e)
	}
}

package tree

import (
	"errors"
	"io"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/jsontoken"
	"github.com/sealcfg/sealcfg/source"
)

// FromJSON parses text as JSON. Its scalars have no type yet, like the values of variables. It
// returns nil if text is not JSON or if an object has a duplicate key.
func FromJSON(text string, at source.Origin) *Node {
	r := &jsonReader{tokens: jsontoken.New([]byte(text)), origin: at}
	n := r.value(r.next())
	if _, err := r.tokens.Next(); r.bad || !errors.Is(err, io.EOF) {
		return nil
	}
	return n
}

type jsonReader struct {
	tokens *jsontoken.Reader
	origin source.Origin
	bad    bool
}

func (r *jsonReader) next() jsontoken.Token {
	token, err := r.tokens.Next()
	r.bad = r.bad || err != nil
	return token
}

// value reads the value that starts with token.
func (r *jsonReader) value(token jsontoken.Token) *Node {
	n := &Node{Kind: NodeScalar, Text: token.Text, Origin: r.origin}
	switch token.Kind {
	case jsontoken.Object:
		n.Kind = NodeMap
		r.entries(n)
	case jsontoken.List:
		n.Kind = NodeList
		r.entries(n)
	case jsontoken.String:
		n.json = crypto.Str
	case jsontoken.Number:
		n.json = crypto.Int
		if strings.ContainsAny(n.Text, ".eE") {
			n.json = crypto.Float
		}
	case jsontoken.True:
		n.Text, n.json = "true", crypto.Bool
	case jsontoken.False:
		n.Text, n.json = "false", crypto.Bool
	default:
		n.Kind = NodeNull
	}
	return n
}

func (r *jsonReader) entries(n *Node) {
	seen := make(map[string]bool)
	for {
		token := r.next()
		if r.bad || token.Closes() {
			return
		}
		key := token
		if n.Kind == NodeMap {
			r.bad = seen[key.Text]
			seen[key.Text] = true
			token = r.next()
		}
		e := r.value(token)
		if n.Kind == NodeMap {
			e.Key, e.KeyOrigin = key.Text, r.origin
		}
		n.Entries = append(n.Entries, e)
	}
}

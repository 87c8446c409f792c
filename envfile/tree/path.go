package tree

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Step is a key of a map or a position in a list.
type Step struct {
	Key     string
	Index   int
	IsIndex bool
}

// A Path leads from the root of a document to a node.
type Path []Step

// Append is the index of a new last entry: hosts[+].
const Append = -1

// ErrPath is returned when a path is malformed or does not fit the file.
var ErrPath = errors.New("unusable path")

// ParsePath parses a field path: db.hosts[0].port. A key with special characters is quoted:
// logging["com.example.App"] or logging.'com.example.App'. [+] is a new last entry of a list. The
// syntax includes sops's form, ["db"]["hosts"][0].
func ParsePath(s string) (Path, error) {
	var p Path
	bad := func(what string) (Path, error) { return nil, fmt.Errorf("%w: %s", ErrPath, what) }
	rest := s
	for first := true; rest != ""; first = false {
		if rest[0] == '[' {
			step, after, err := parseBracket(rest)
			if err != nil {
				return nil, err
			}
			p, rest = append(p, step), after
			continue
		}
		if !first {
			if rest[0] != '.' {
				return bad("expected . or [ after a bracket")
			}
			rest = rest[1:]
		}
		if rest == "" {
			return bad("ends with a dot")
		}
		if rest[0] == '"' || rest[0] == '\'' {
			key, after, err := parseQuoted(rest)
			if err != nil {
				return nil, err
			}
			p, rest = append(p, Step{Key: key}), after
			continue
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return bad("empty key; quote it if it is meant: \"\"")
		}
		p, rest = append(p, Step{Key: rest[:end]}), rest[end:]
	}
	if len(p) == 0 {
		return bad("empty")
	}
	return p, nil
}

func parseBracket(s string) (Step, string, error) {
	inner := s[1:]
	if inner != "" && (inner[0] == '"' || inner[0] == '\'') {
		key, rest, err := parseQuoted(inner)
		if err != nil {
			return Step{}, "", err
		}
		rest, ok := strings.CutPrefix(rest, "]")
		if !ok {
			return Step{}, "", fmt.Errorf("%w: expected ] after the quoted key", ErrPath)
		}
		return Step{Key: key}, rest, nil
	}
	index, rest, ok := strings.Cut(inner, "]")
	if !ok {
		return Step{}, "", fmt.Errorf("%w: bracket is not closed", ErrPath)
	}
	if index == "+" {
		return Step{Index: Append, IsIndex: true}, rest, nil
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 {
		return Step{}, "", fmt.Errorf("%w: expected an index in brackets: [0]", ErrPath)
	}
	return Step{Index: i, IsIndex: true}, rest, nil
}

func parseQuoted(s string) (key, rest string, err error) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && quote == '"' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", fmt.Errorf("%w: quote is not closed", ErrPath)
}

// String formats the path so that [ParsePath] can parse it.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.IsIndex && s.Index == Append:
			b.WriteString("[+]")
		case s.IsIndex:
			fmt.Fprintf(&b, "[%d]", s.Index)
		case plainKey(s.Key):
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Key)
		default:
			b.WriteString(`["` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.Key) + `"]`)
		}
	}
	return b.String()
}

func plainKey(k string) bool {
	return k != "" && !strings.ContainsAny(k, ".[]\"'\\ \t\n\r")
}

// Keys returns the names of the path without list positions. The format authenticates these names,
// and selectors match them.
func (p Path) Keys() []string {
	keys := make([]string, 0, len(p))
	for _, s := range p {
		if !s.IsIndex {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// Clone returns a copy that does not change when an iteration continues.
func (p Path) Clone() Path { return append(Path(nil), p...) }

package envfile

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// value parses a value that will be an entry of parent.
func (s *tomlScanner) value(parent *Node, depth int) (*Node, error) {
	n := newNode(Node{Kind: Value, Type: crypto.Str, Quoted: true})
	n.Line, n.Column = s.text.src.position(s.at)
	spanOf(n).start = s.at
	if depth > maxTOMLDepth {
		return nil, syntaxError(n, "nested too deeply")
	}
	err := s.text.budget.spend(n.Line)
	if err != nil {
		return nil, err
	}
	switch c := s.peek(); {
	case c == '"' || c == '\'':
		err = s.quoted(n, c)
	case c == '[':
		n.Kind, n.Type, n.Quoted = List, "", false
		err = s.array(n, depth)
	case c == '{':
		n.Kind, n.Type, n.Quoted = Map, "", false
		err = s.inline(n, parent, depth)
	default:
		n.Quoted = false
		err = s.bare(n)
	}
	spanOf(n).end = s.at
	return n, err
}

// quoted parses a string of any kind.
func (s *tomlScanner) quoted(n *Node, quote byte) (err error) {
	start := s.at
	spanOf(n).style = styleDouble
	if quote == '\'' {
		spanOf(n).style = styleSingle
	}
	if bytes.HasPrefix(s.src[s.at:], []byte{quote, quote, quote}) {
		if spanOf(n).style = styleTriple; quote == '\'' {
			spanOf(n).style = styleTripleSingle
		}
		n.Text, err = s.lines(quote)
		return err
	}
	n.Text, err = s.str(quote)
	spanOf(n).local = err == nil && bytes.HasSuffix(s.src[start:s.at], []byte(localMark)) && crypto.IsSealed(n.Text)
	return err
}

// array parses "[ … ]". A comment belongs to the following item, or to the item before it on the
// same line.
func (s *tomlScanner) array(n *Node, depth int) error {
	var comments []*Node
	var last *Node // the previous item, until its line ends
	comma := true
	for s.at++; ; {
		s.blanks()
		switch c := s.peek(); {
		case s.ends():
			return s.fail(spanOf(n).start, "the array has no closing bracket")
		case s.newline(s.at) > 0:
			s.at += s.newline(s.at)
			last = nil
		case c == '#':
			trailing, err := s.comment()
			switch {
			case err != nil:
				return err
			case last != nil:
				insertBefore(n, last, []*Node{trailing})
			default:
				comments = append(comments, trailing)
			}
		case c == ']':
			spanOf(n).close = s.at
			s.at++
			n.entries = append(n.entries, comments...)
			return nil
		case c == ',':
			if comma {
				return s.fail(s.at, "expected a value before the comma")
			}
			comma = true
			s.at++
		case !comma:
			return s.fail(s.at, "expected a comma or the closing bracket")
		default:
			e, err := s.value(n, depth+1)
			if err != nil {
				return err
			}
			spanOf(e).flow = true
			n.entries = append(append(n.entries, comments...), e)
			last, comments, comma = e, nil, false
		}
	}
}

// inline parses "{ … }", which must be on one line and cannot be extended later.
func (s *tomlScanner) inline(n, parent *Node, depth int) error {
	sec := &tomlSection{node: n, start: s.at}
	s.text.newTable(n, parent, madeInline, sec)
	s.at++
	if s.blanks(); s.peek() == '}' {
		spanOf(n).close = s.at
		s.at++
		return nil
	}
	for {
		s.blanks()
		if s.newline(s.at) > 0 || s.peek() == '#' {
			return s.fail(s.at, "an inline table must end on its first line in TOML 1.0")
		}
		st, err := s.statement(sec, depth)
		if err != nil {
			return err
		}
		spanOf(st.leaf).flow = true
		s.blanks()
		switch s.peek() {
		case ',':
			s.at++
		case '}':
			spanOf(n).close = s.at
			s.at++
			return nil
		default:
			if s.newline(s.at) > 0 || s.peek() == '#' {
				return s.fail(s.at, "an inline table must end on its first line in TOML 1.0")
			}
			return s.fail(s.at, "expected a comma or the closing brace")
		}
	}
}

var (
	tomlInt   = pattern.New(`^[+-]?(0|[1-9](_?[0-9])*)$`)
	tomlBased = pattern.New(`^0(x[0-9A-Fa-f](_?[0-9A-Fa-f])*|o[0-7](_?[0-7])*|b[01](_?[01])*)$`)
	tomlFloat = pattern.New(`^[+-]?(0|[1-9](_?[0-9])*)(\.[0-9](_?[0-9])*)?([eE][+-]?[0-9](_?[0-9])*)?$`)
	tomlNoNum = pattern.New(`^[+-]?(inf|nan)$`)
)

// bare parses a value without quotes.
func (s *tomlScanner) bare(n *Node) error {
	start := s.at
	s.word()
	if localDate().Match(s.src[start:s.at]) && s.peek() == ' ' && s.at+1 < len(s.src) && digit(s.src[s.at+1]) {
		s.at++ // a blank instead of T
		s.word()
	}
	text := string(s.src[start:s.at])
	switch {
	case text == "":
		return s.fail(start, "expected a value")
	case text == "true" || text == "false":
		n.Type, n.Text = crypto.Bool, crypto.FormatBool(text == "true")
		return nil
	case localDate().MatchString(text) || localTime().MatchString(text):
		return tomlMoment(n, text)
	}
	return tomlNumber(n, text)
}

func (s *tomlScanner) word() {
	for s.at < len(s.src) && strings.IndexByte(" \t\r\n,]}#=[{\"'", s.src[s.at]) < 0 {
		s.at++
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func tomlNumber(n *Node, text string) error {
	digits := strings.ReplaceAll(text, "_", "")
	switch {
	case tomlInt().MatchString(text), tomlBased().MatchString(text):
		base := 10
		if tomlBased().MatchString(text) {
			base = 0
		}
		i, err := strconv.ParseInt(digits, base, 64)
		if err != nil {
			return syntaxError(n, "the integer does not fit in 64 bits: quote it to make it a string")
		}
		n.Type, n.Text = crypto.Int, formatInt(i)
	case tomlFloat().MatchString(text), tomlNoNum().MatchString(text):
		if strings.HasSuffix(text, "nan") {
			digits = "nan" // without a sign
		}
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil {
			return syntaxError(n, "the number is too large for a 64-bit float: quote it to make it a string")
		}
		n.Type, n.Text = crypto.Float, crypto.FormatFloat(f)
	default:
		return syntaxError(n, "expected a string in quotes, a number, true, false, a date or time, [ or {")
	}
	return nil
}

// tomlMoment parses a date or time. With an offset, it has the type time. Without one, it is a
// string, because the SOPS format has no type for it, and its notation is kept.
func tomlMoment(n *Node, text string) error {
	if kind := localKind(text); kind != "" {
		n.Text, spanOf(n).local = text, true
		n.with().local = kind
		return nil
	}
	var v time.Time
	if err := v.UnmarshalText([]byte(strings.ToUpper(strings.Replace(text, " ", "T", 1)))); err == nil {
		if n.Text, err = crypto.FormatTime(v); err == nil {
			n.Type = crypto.Time
			return nil
		}
	}
	if strings.Contains(text, ":60") {
		return syntaxError(n, "the format cannot hold a leap second")
	}
	return syntaxError(n, "the date or time does not exist")
}

func tomlLocal(text string) bool { return localKind(text) != "" }

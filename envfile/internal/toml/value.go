package toml

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// value parses a value that will be an entry of parent.
func (s *tomlScanner) value(parent *tree.Node, depth int) (*tree.Node, error) {
	n := layout.NewNode(tree.Node{Kind: tree.Value, Type: crypto.Str, Quoted: true})
	n.Line, n.Column = s.text.src.Position(s.at)
	layout.SpanOf(n).Start = s.at
	if depth > maxTOMLDepth {
		return nil, tree.ErrorAt(n, "nested too deeply")
	}
	err := s.text.budget.Spend(n.Line)
	if err != nil {
		return nil, err
	}
	switch c := s.peek(); {
	case c == '"' || c == '\'':
		err = s.quoted(n, c)
	case c == '[':
		n.Kind, n.Type, n.Quoted = tree.List, "", false
		err = s.array(n, depth)
	case c == '{':
		n.Kind, n.Type, n.Quoted = tree.Map, "", false
		err = s.inline(n, parent, depth)
	default:
		n.Quoted = false
		err = s.bare(n)
	}
	layout.SpanOf(n).End = s.at
	return n, err
}

// quoted parses a string of any kind.
func (s *tomlScanner) quoted(n *tree.Node, quote byte) (err error) {
	start := s.at
	layout.SpanOf(n).Style = layout.StyleDouble
	if quote == '\'' {
		layout.SpanOf(n).Style = layout.StyleSingle
	}
	if bytes.HasPrefix(s.src[s.at:], []byte{quote, quote, quote}) {
		if layout.SpanOf(n).Style = layout.StyleTriple; quote == '\'' {
			layout.SpanOf(n).Style = layout.StyleTripleSingle
		}
		n.Text, err = s.lines(quote)
		return err
	}
	n.Text, err = s.str(quote)
	layout.SpanOf(n).Local = err == nil && bytes.HasSuffix(s.src[start:s.at], []byte(localMark)) && crypto.IsSealed(n.Text)
	return err
}

// array parses "[ … ]". A comment belongs to the following item, or to the item before it on the
// same line.
func (s *tomlScanner) array(n *tree.Node, depth int) error {
	var comments []*tree.Node
	var last *tree.Node // the previous item, until its line ends
	comma := true
	for s.at++; ; {
		s.blanks()
		switch c := s.peek(); {
		case s.ends():
			return s.fail(layout.SpanOf(n).Start, "the array has no closing bracket")
		case s.newline(s.at) > 0:
			s.at += s.newline(s.at)
			last = nil
		case c == '#':
			trailing, err := s.comment()
			switch {
			case err != nil:
				return err
			case last != nil:
				insertBefore(n, last, []*tree.Node{trailing})
			default:
				comments = append(comments, trailing)
			}
		case c == ']':
			layout.SpanOf(n).Close = s.at
			s.at++
			n.Children = append(n.Children, comments...)
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
			layout.SpanOf(e).Flow = true
			n.Children = append(append(n.Children, comments...), e)
			last, comments, comma = e, nil, false
		}
	}
}

// inline parses "{ … }", which must be on one line and cannot be extended later.
func (s *tomlScanner) inline(n, parent *tree.Node, depth int) error {
	sec := &tomlSection{node: n, start: s.at}
	s.text.newTable(n, parent, madeInline, sec)
	s.at++
	if s.blanks(); s.peek() == '}' {
		layout.SpanOf(n).Close = s.at
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
		layout.SpanOf(st.leaf).Flow = true
		s.blanks()
		switch s.peek() {
		case ',':
			s.at++
		case '}':
			layout.SpanOf(n).Close = s.at
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
func (s *tomlScanner) bare(n *tree.Node) error {
	start := s.at
	s.word()
	if layout.LocalDate().Match(s.src[start:s.at]) && s.peek() == ' ' && s.at+1 < len(s.src) && digit(s.src[s.at+1]) {
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
	case layout.LocalDate().MatchString(text) || layout.LocalTime().MatchString(text):
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

func tomlNumber(n *tree.Node, text string) error {
	digits := strings.ReplaceAll(text, "_", "")
	switch {
	case tomlInt().MatchString(text), tomlBased().MatchString(text):
		base := 10
		if tomlBased().MatchString(text) {
			base = 0
		}
		i, err := strconv.ParseInt(digits, base, 64)
		if err != nil {
			return tree.ErrorAt(n, "the integer does not fit in 64 bits: quote it to make it a string")
		}
		n.Type, n.Text = crypto.Int, layout.FormatInt(i)
	case tomlFloat().MatchString(text), tomlNoNum().MatchString(text):
		if strings.HasSuffix(text, "nan") {
			digits = "nan" // without a sign
		}
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil {
			return tree.ErrorAt(n, "the number is too large for a 64-bit float: quote it to make it a string")
		}
		n.Type, n.Text = crypto.Float, crypto.FormatFloat(f)
	default:
		return tree.ErrorAt(n, "expected a string in quotes, a number, true, false, a date or time, [ or {")
	}
	return nil
}

// tomlMoment parses a date or time. With an offset, it has the type time. Without one, it is a
// string, because the SOPS format has no type for it, and its notation is kept.
func tomlMoment(n *tree.Node, text string) error {
	if kind := layout.LocalKind(text); kind != "" {
		n.Text, layout.SpanOf(n).Local = text, true
		n.MakeTraits().Local = kind
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
		return tree.ErrorAt(n, "the format cannot hold a leap second")
	}
	return tree.ErrorAt(n, "the date or time does not exist")
}

func tomlLocal(text string) bool { return layout.LocalKind(text) != "" }

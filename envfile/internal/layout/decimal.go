package layout

import (
	"strconv"
	"strings"
)

// SameDecimal reports whether two decimal numbers are equal, in any notation: 1.50, 15e-1.
func SameDecimal(a, b string) bool {
	return decimalOf(a) == decimalOf(b)
}

// A decimal is 0.digits times ten to the exponent. digits has no leading or trailing zeros, so
// every number has one representation.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

func decimalOf(text string) decimal {
	text, negative := strings.CutPrefix(text, "-")
	exponent := 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent, _ = strconv.Atoi(text[i+1:]) // if it is out of range, the largest value
		text = text[:i]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	exponent += len(whole)
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent -= len(whole+fraction) - len(digits)
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return decimal{}
	}
	return decimal{negative, digits, exponent}
}

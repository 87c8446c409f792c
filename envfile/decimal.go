package envfile

import (
	"strconv"
	"strings"
)

// sameDecimal reports whether two decimal numbers are the same, whatever their
// spelling: 1.50, 15e-1.
func sameDecimal(a, b string) bool {
	return decimalOf(a) == decimalOf(b)
}

// A decimal is 0.digits times ten to the exponent. No zeros surround the digits,
// so that there is one for each number.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

func decimalOf(text string) decimal {
	text, negative := strings.CutPrefix(text, "-")
	exponent := 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent, _ = strconv.Atoi(text[i+1:]) // out of range, it is the largest one
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

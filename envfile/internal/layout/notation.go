package layout

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
)

// NotationWarning returns a warning about an unquoted value that is stored in another notation.
func NotationWarning(typ crypto.Type, text string) string {
	switch typ {
	case crypto.Int:
		digits := strings.TrimLeft(text, "+-")
		if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "01234567_") == "" {
			return "a number with a leading zero is read as octal"
		}
		return NumberWarning(text)
	case crypto.Float:
		digits := strings.TrimLeft(text, "+-")
		_, tooLarge := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
		switch {
		case len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9':
			return "a number with a leading zero loses it"
		case errors.Is(tooLarge, strconv.ErrRange):
			return "an integer too large for 64 bits is read as a float and loses digits"
		}
		return NumberWarning(text)
	case crypto.Time:
		return "a date or time comes back in another notation, which may be another type to YAML readers"
	}
	return ""
}

// NumberWarning returns a warning about a number that is written in another notation.
func NumberWarning(text string) string {
	digits := strings.ToLower(strings.TrimLeft(text, "+-"))
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	switch {
	case strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0o") || strings.HasPrefix(digits, "0b"):
		return "a number that is not decimal becomes decimal"
	case strings.Contains(digits, "e"):
		return "a number with an exponent comes back in another notation"
	case err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) && !SameDecimal(strings.ReplaceAll(strings.TrimPrefix(text, "+"), "_", ""), crypto.FormatFloat(f)):
		return "the number has more digits than a 64-bit float, and the others are lost"
	case strings.HasPrefix(text, "+"):
		return "a number with a sign loses its plus"
	case strings.Contains(text, "_"):
		return "underscores in a number are dropped"
	case strings.Contains(text, ".") && strings.HasSuffix(text, "0"):
		return "a number with zeros at its end loses them, as a version would"
	}
	return "the number comes back in another notation"
}

const (
	ReturnWarning   = "contains a carriage return, which sops keeps but other programs drop or read as the end of the line; to keep it, use YAML or JSON"
	LineFeedWarning = `sops reads \n as a line feed, also in C:\new; to keep a backslash, use YAML or JSON`
	BytesWarning    = "is not UTF-8; sops keeps the bytes, but other programs may read other characters"
	QuoteAdvice     = "; quote it if it is text"
)

package plan

import (
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
)

var (
	anyType     = reflect.TypeFor[any]()
	rawJSONType = reflect.TypeFor[json.RawMessage]()

	regexpType  = reflect.TypeFor[regexp.Regexp]()
	monthType   = reflect.TypeFor[time.Month]()
	weekdayType = reflect.TypeFor[time.Weekday]()
)

// StdDecoder returns the decoder of a standard library type that has no UnmarshalText method, or
// one that accepts less than files contain. It returns nil for other types.
func StdDecoder(t reflect.Type) decoder {
	switch t {
	case regexpType:
		return decodeRegexp
	case LocationType:
		return decodeLocation
	case monthType:
		return named(time.January, time.December, "a month (English name or 1 to 12)")
	case weekdayType:
		return named(time.Sunday, time.Saturday, "a day of the week (English name or 0 (Sunday) to 6)")
	}
	if IsURLType(t) {
		return decodeURL
	}
	return nil
}

func decodeRegexp(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if typ != "" && typ != crypto.Str {
		return wrongType("a regular expression", typ, quoteIt)
	}
	re, err := regexp.Compile(text)
	if err != nil { // the error quotes the text
		return badText("a regular expression")
	}
	v.Set(reflect.ValueOf(re).Elem())
	return nil
}

func decodeComplex(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	if flaw := wantNumber(v.Type(), typ, crypto.Int, crypto.Float, crypto.Str); flaw != nil {
		return flaw
	}
	c, err := strconv.ParseComplex(text, v.Type().Bits())
	switch {
	case errors.Is(err, strconv.ErrRange):
		return outOfRange(v.Type(), "")
	case err != nil:
		return badText("a complex number such as 1+2i")
	}
	v.SetComplex(c)
	return nil
}

func decodeLocation(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
	const want = "a time zone such as Europe/Berlin, UTC or Local"
	if typ != "" && typ != crypto.Str {
		return wrongType(want, typ, "")
	}
	loc, err := time.LoadLocation(text)
	if err != nil || text == "" { // the error quotes the text; an empty name would be UTC
		return &tree.Flaw{Kind: tree.KindFormat, Reason: "expected " + want + ", that this machine knows"}
	}
	v.Set(reflect.ValueOf(loc))
	return nil
}

// named returns a decoder for a small enumeration of package time, by name or number.
func named[T interface {
	~int
	String() string
}](first, last T, want string) decoder {
	return func(v reflect.Value, typ crypto.Type, text string) *tree.Flaw {
		if typ != "" && typ != crypto.Str && typ != crypto.Int {
			return wrongType(want, typ, "")
		}
		for n := first; n <= last; n++ {
			if typ != crypto.Int && strings.EqualFold(text, n.String()) || typ != crypto.Str && text == strconv.Itoa(int(n)) {
				v.SetInt(int64(n))
				return nil
			}
		}
		return &tree.Flaw{Kind: tree.KindFormat, Reason: "expected " + want}
	}
}

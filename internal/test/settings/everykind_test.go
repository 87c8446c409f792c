package settings_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net/netip"
	"net/url"
	"regexp"
	"time"

	"github.com/sealcfg/sealcfg"
)

// everyKind has a field of every kind that can be bound, and every tag. No field is required.
type everyKind struct {
	Str        string                   `cfg:",optional" max:"64"`
	Named      level                    `cfg:",optional" oneof:"debug info"`
	Bytes      []byte                   `cfg:",optional" len:"4"`
	Bool       bool                     `cfg:",optional"`
	Int        int                      `cfg:",optional" min:"-5" max:"5"`
	Int8       int8                     `cfg:",optional" oneof:"1 2"`
	Uint16     uint16                   `cfg:",optional" alias:"port" min:"1024"`
	Uint64     uint64                   `cfg:",optional"`
	Float32    float32                  `cfg:",optional" max:"0.5"`
	Complex    complex64                `cfg:",optional"`
	Duration   time.Duration            `cfg:",optional" min:"1s"`
	Time       time.Time                `cfg:",optional" deprecated:"nobody looks at it"`
	Month      time.Month               `cfg:",optional"`
	Zone       *time.Location           `cfg:",optional"`
	URL        url.URL                  `cfg:",optional" check:"url"`
	Addr       netip.Addr               `cfg:",optional"`
	Prefix     *netip.Prefix            `cfg:",optional"`
	Regexp     *regexp.Regexp           `cfg:",optional"`
	Level      slog.Level               `cfg:",optional" oneof:"info warn"`
	BigInt     *big.Int                 `cfg:",optional" max:"5"`
	BigFloat   big.Float                `cfg:",optional"`
	BigRat     *big.Rat                 `cfg:",optional" min:"1/2"`
	JSON       json.RawMessage          `cfg:",optional"`
	Any        any                      `cfg:",optional"`
	List       []int                    `cfg:",optional" max:"3"`
	Lists      [][]string               `cfg:",optional" pattern:"^x"`
	Array      [2]bool                  `cfg:",optional"`
	Map        map[string]int           `cfg:",optional" max:"3"`
	IntKeys    map[int8]string          `cfg:",optional" check:"email"`
	TextKeys   map[netip.Addr]*struct{} `cfg:",optional"`
	Struct     one                      `cfg:",optional"`
	Structs    []validatedOne           `cfg:",optional"`
	StructMap  map[string]one           `cfg:",optional"`
	Pointer    ***int                   `cfg:",optional"`
	Optional   sealcfg.Optional[int]    `min:"1"`
	OptGroup   sealcfg.Optional[sealcfg.Secret[one]]
	Secret     sealcfg.Secret[string]                `cfg:",optional" min:"8"`
	SecretList sealcfg.Secret[[]uint8]               `cfg:",optional"`
	SecretInts []sealcfg.Secret[int]                 `cfg:",optional" oneof:"1 2"`
	SecretOpt  sealcfg.Secret[sealcfg.Optional[int]] `cfg:",optional"`
	Shouting   shouting                              `cfg:",optional"`
	Odd        validatedInt                          `cfg:",optional"`
	HostPort   string                                `cfg:",optional" check:"hostport"`
	File       string                                `cfg:",optional" check:"file"`
	Dir        string                                `cfg:",optional" check:"dir"`
	Union      storage                               `cfg:",optional"`
	Unions     []*storage                            `cfg:",optional"`
	Tree       *node
	Explicit   string `cfg:",optional" env:"EVERY_KIND"`
	Flat       struct {
		Region string `cfg:",optional"`
	} `yaml:",inline"`
	Default []time.Duration `default:"1s,2s"`
}

type (
	validatedOne struct {
		A string `cfg:",optional"`
	}
	validatedInt int
)

func (v *validatedOne) Validate() error {
	if len(v.A) > 3 {
		return &sealcfg.FieldError{Field: "A", Reason: "is too long"}
	}
	return nil
}

func (v validatedInt) Validate() error {
	if v%2 == 0 {
		return errors.New("must be odd")
	}
	return nil
}

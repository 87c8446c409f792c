// Package sealcfg loads a program's settings from encrypted files into a struct.
//
// The files are in git, one for each environment, in the SOPS format. [Load] decrypts
// base.yaml and the environment's file, lets variables of the process environment override
// them, and fills a struct:
//
//	type Settings struct {
//		Listen   string        `default:":8080"`
//		Timeout  time.Duration `default:"5s"`
//		Features []string      `cfg:",optional"`
//		DB       struct {
//			Host     string
//			Port     uint16
//			Password sealcfg.Secret[string]
//		}
//	}
//
//	func main() {
//		// SEALCFG_ENV=prod: environments/base.yaml, environments/prod.yaml, then $APP_DB__PORT and the like.
//		settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithEnvPrefix("APP_"))
//		if err != nil {
//			log.Fatal(err) // all problems at once, each with its origin; never a value
//		}
//		log.Printf("settings: %+v", *settings) // the password prints as [secret]
//		connect(settings.DB.Host, settings.DB.Port, settings.DB.Password.Expose())
//	}
//
// [New] returns a [Loader], for programs that define [Flags] and for programs that reload
// their settings while they run: see [Handle.Reload] and [Handle.Watch].
//
// # Sources
//
// Weakest first: default tags, base.yaml, the environment's file, its .local file (with
// [WithLocal]), .env files (package dotenv), secrets directories ([WithSecretsDir]), the
// program's own sources ([WithSource]), the process environment, flags, and [Set]. Maps
// merge. Lists and single values are replaced. [Order] changes the order.
//
// # Names
//
// The name of a field is its tag cfg:"name", or its yaml tag, or its Go name in snake case:
// HTTPPort is http_port. Files must have exactly this name, and a key without a field is a
// problem. The fields of an embedded struct, and of a field with yaml:",inline", belong to
// the struct around it. cfg:"-" skips a field.
//
// With the option WithEnvPrefix("APP_"), the variable $APP_DB__API_KEY sets db.api_key.
//
//   - env:"DATABASE_URL,PG_URL" lists variables that set the field without a prefix. The first
//     one that is set wins, and case matters. The tag has no effect inside lists and maps.
//   - alias:"old,older" lists former names, which still work, with a warning.
//   - deprecated:"use other" adds a warning when the field itself is set.
//   - desc:"…" is the description in the output of [Schema], [Describe] and [Flags].
//
// # Required settings
//
// A field is required unless it has a default:"…" tag, is a pointer or an [Optional], or has
// the tag cfg:",optional". A struct is required if any of its fields is. If no source sets
// any field of an optional struct, its fields get their defaults and it is not validated.
// A null sets a pointer to nil and an Optional to null. For other types, null counts as not
// set, even if a weaker source has a value.
//
// # Types
//
// Files may be YAML, JSON, TOML, dotenv or INI. Dotenv and INI have only strings, and their
// names work like variables: DB__PASSWORD in a dotenv file and password in the section [db]
// of an INI file are both db.password.
//
// The type of a value in a file must fit the field: the string "5432" is not a port, and the
// number 01234 (which is 668) is not a postcode. An integer may set a float field.
//
//   - A [time.Duration] is written 5s, a [time.Time] as RFC 3339 or as a YAML time.
//   - A []byte takes a string and holds its bytes.
//   - Types with UnmarshalText, [net/url.URL], [regexp.Regexp] and *[time.Location] take
//     strings. The types of math/big take numbers, too.
//   - An array takes a list of its length.
//   - An any takes every value. An [encoding/json.RawMessage] holds it as JSON.
//
// Variables and default tags are parsed: a list is a JSON array or is separated by commas, a
// map is a JSON object or a=1,b=2, a struct is a JSON object. An empty variable counts as set:
// it is an empty string, list or map, and an error for a number.
//
// # Variants
//
// In a struct with a string field named kind, a field with a tag such as kind:"s3" must be a
// pointer to a struct. [Load] sets the pointer whose tag equals the value of kind, and leaves
// the others nil. In a file, the variant's fields are on the same level as kind.
//
// # Secret managers
//
// The value ref+awssm://prod/db#password is replaced by a field of a secret of AWS Secrets
// Manager, if the program imports github.com/sealcfg/sealcfg/services/aws/awssm. The
// directory services has packages for other secret managers. See [Resolver].
//
// # Checks
//
// Tags limit values: oneof:"dev prod"; min, max and len for numbers, durations, strings, lists
// and maps; pattern:"^[a-z]+$"; and check:"…" with url, email, hostport, file or dir. They
// apply to the value inside pointers, [Secret] and [Optional]. On a list or map, oneof,
// pattern and check apply to each item.
//
// A method Validate() error, on a type at any depth, runs when its value was bound without a
// problem and all Validate methods inside it have passed. Its error is part of [Error], so it
// must not quote values. The Validate method of an unexported embedded type runs only if Go
// promotes it.
//
// Errors of UnmarshalText usually quote values, so they are not shown and not in the chain of
// an error. [errors.Is] finds them, and [errors.As] finds those that do not quote the value:
// see [Problem.As].
package sealcfg

// Package sealcfg answers one question: give my program its settings as a T.
//
// Settings live in git, one sealed file per environment, in the SOPS format.
// [Load] opens the file of the environment at hand, over what all environments
// share, lets the process environment override them, and fills a struct:
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
//			log.Fatal(err) // all problems at once, each with its place; never a value
//		}
//		log.Printf("settings: %+v", *settings) // the password prints as [secret]
//		connect(settings.DB.Host, settings.DB.Port, settings.DB.Password.Expose())
//	}
//
// [New] makes a [Loader], for programs that define [Flags], and for those that go on
// while settings change: see [Handle.Reload] and [Handle.Watch].
//
// # Sources
//
// Weakest first: default tags, base.yaml, the environment's file, with [WithLocal] its
// .local file, .env files (package dotenv), secrets directories ([WithSecretsDir]), sources of the
// program's own ([WithSource]), the process environment, flags, and [Set]. Maps merge,
// lists and single values are replaced. [Order] changes the order.
//
// # Names
//
// A field is named by its tag cfg:"name", else by its yaml tag, else by its Go
// name in snake case: HTTPPort is http_port. Embedded structs, and fields with
// yaml:",inline", lend their fields to the struct around them. cfg:"-" leaves a
// field alone. Names in files are matched exactly; a key that no field has is a
// problem. alias:"old,older" gives names that still work, with a warning;
// deprecated:"…" warns of the field itself.
//
// Variables are named like paths: with the prefix APP_, $APP_DB__API_KEY is
// db.api_key. env:"DATABASE_URL,PG_URL" names variables whatever the prefix.
//
// alias:"old_name" names those that a field had before and that still work, with a
// warning; deprecated:"use other" warns of the field itself, and desc:"…" describes
// it in what [Schema], [Describe] and [Flags] write. env:"DATABASE_URL,PG_URL" names
// variables of the process environment that set a field, the first one found; they
// need no prefix, and case counts. It does not work within lists and maps.
//
// # What must be set
//
// Every field, unless it has a default:"…" tag, is a pointer or an [Optional], or
// is marked cfg:",optional". A struct is as required as its fields; an optional one that
// nothing mentions gets its defaults and is not validated. A null sets a
// pointer to nil; for all else it counts as not set, also where a weaker layer
// has a value.
//
// # Types
//
// Files may be YAML, JSON, TOML, dotenv or INI. The last two hold nothing but
// texts and are read by name like variables: DB__PASSWORD in a dotenv file, and
// password in the section [db] of an INI file, are db.password.
//
// In files a value has a type, and it must fit: the text "5432" is no port, and
// the number 01234 (which is 668) is no postcode. An int may stand for a float.
// A [time.Duration] is written 5s, a [time.Time] as RFC 3339 or as a YAML time, a
// []byte as text, taken as it is. Types with UnmarshalText take text, and so do
// [net/url.URL], [regexp.Regexp] and *[time.Location]; those of math/big take
// numbers too. An array wants a list of its length. An any takes whatever there
// is, an [encoding/json.RawMessage] holds it as JSON. Texts of the process
// environment and of default tags are parsed: lists as a JSON array or separated
// by commas, maps as a JSON object or a=1,b=2, structs as a JSON object. A variable
// that is empty is set: to an empty text, list or map, and a number has no such value.
//
// In a struct with a string field that is named kind, fields with a tag such as
// kind:"s3" are pointers to structs, of which one is set: the one whose tag kind
// says. Its fields stand beside kind.
//
// # Secret managers
//
// A text ref+awssm://prod/db#password stands for a field of a secret of AWS Secrets
// Manager, if the program imports github.com/sealcfg/sealcfg/services/aws/awssm. The
// packages aws/awsssm, azure/azurekv, gcp/gcpsm and vault/vaultkv below services are
// for other managers. See [Resolver].
//
// # Checks
//
// Tags say what a value must be: oneof:"dev prod", min, max and len (of numbers,
// durations, texts, lists and maps), pattern:"^[a-z]+$", and check:"…" with url,
// email, hostport, file or dir. They hold for the value behind pointers, [Secret]
// and [Optional]; oneof, pattern and check on a list or map hold for its items.
//
// A method Validate() error, on any type at any depth, runs when its value was
// bound without a problem and all Validate methods inside it have passed. Its
// error is shown to whoever sees the [Error], so it must not quote values.
// The method of an embedded type that is not exported only runs if Go promotes it.
// The errors of UnmarshalText usually quote values. They are not shown and in no chain;
// [errors.Is] finds them, and [errors.As] unless they quote the value: see [Problem.As].
package sealcfg

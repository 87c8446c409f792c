package envfile

import (
	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile/internal/binary"
	"github.com/sealcfg/sealcfg/envfile/internal/dotenv"
	"github.com/sealcfg/sealcfg/envfile/internal/ini"
	jsonfile "github.com/sealcfg/sealcfg/envfile/internal/json"
	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/internal/toml"
	"github.com/sealcfg/sealcfg/envfile/internal/yaml"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// Format is a file format. The formats of this package are the only ones.
type Format interface {
	// Name returns sops's name of the format: yaml, json, dotenv, ini or binary. toml is a format
	// of sealcfg.
	Name() string
	layout.Format
}

// YAML is the format of .yaml and .yml files. It keeps every byte that a change does not affect.
//
// Scanner and resolver are from gopkg.in/yaml.v3 3.0.1, which parses like the fork that sops uses.
// Files are decoded only into yaml.Node: decoding into maps panics on some input, and its errors
// quote values.
var YAML Format = yaml.Format

// JSON is the format of .json files. It is stricter than sops, which accepts truncated files, text
// after the object and duplicate keys, and which rounds numbers that a 64-bit float cannot hold.
var JSON Format = jsonfile.Format

// Dotenv is the format of .env files as sops reads it: one KEY=value per line, # at the start of a
// line starts a comment, and \n in a value is a line feed. Quotes, other escapes and "export" have
// no special meaning: the key is everything before the first =, and the value is everything after
// it, including a carriage return. All values are strings. A key may occur more than once, as in
// sops.
var Dotenv Format = dotenv.Format

// INI is the format of .ini files as sops reads it with gopkg.in/ini.v1: all values are strings,
// keys before the first section belong to a section called DEFAULT, and a section may occur more
// than once.
//
// If ini.v1 would change a value ("quoted ; text", a#b), the value is kept unchanged. The file is
// rejected if such a value is unencrypted, and if ini.v1 would join lines or drop keys.
var INI Format = ini.Format

// TOML is the format of .toml files: TOML v1.0. sops does not have this format and encrypts the
// file as one value, so only sealcfg can read an encrypted TOML file. Values are encrypted in
// place, and the metadata is a table [sops] at the end.
//
// The SOPS format has no type for a local date or time. It is encrypted as a string, and the
// notation of its ciphertext marks it, so that decryption writes it without quotes.
var TOML Format = toml.Format

// Binary is the format of files that are encrypted as one value, with any contents. The
// encrypted file is JSON, as in sops: {"data": "ENC[…]", "sops": {…}}. Selectors do not apply: the
// value is always encrypted.
var Binary Format = binary.Format

// formats are the formats of this package. To add one, append it.
var formats = []Format{YAML, JSON, Dotenv, INI, TOML, Binary}

// FormatNames lists the names that [FormatNamed] accepts.
func FormatNames() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name()
	}
	return names
}

// FormatNamed returns the format with a name of [FormatNames].
func FormatNamed(name string) (f Format, known bool) {
	for _, f := range formats {
		if f.Name() == name {
			return f, true
		}
	}
	return nil, false
}

// Unsealed reports whether sops would parse a YAML or JSON file and find no metadata in it. That
// includes files that [Parse] rejects because encryption would damage them. It returns false for
// other formats and for files that sops cannot parse.
func Unsealed(f Format, src []byte) bool {
	return f.Unsealed(src)
}

// Values parses only the values of a plaintext file and is faster than [Parse]. It returns the root
// map of each document, without comments. It does not look for metadata.
func Values(f Format, src []byte) ([]*tree.Node, error) { return f.Values(src) }

// ReadYAML parses a YAML file that will not be encrypted, such as a policy, and returns the root
// map of each document. Unlike [Parse], it accepts keys of any scalar type, by their text.
func ReadYAML(src []byte) ([]*tree.Node, error) {
	roots, err := yaml.ReadKeys(src) // a policy decides about access, so use the complete parser
	return roots, orConflict(src, err)
}

// GuessType returns the type and canonical text of an unquoted one-line text in YAML.
func GuessType(text string) (crypto.Type, string) { return yaml.GuessType(text) }

// CanonicalText parses a value of the given type as a person types it ("yes" is not a boolean, 1e3
// is a float) and returns its canonical text. The error does not contain the value.
func CanonicalText(typ crypto.Type, text string) (string, error) {
	return yaml.CanonicalText(typ, text)
}

// JSONText formats the values of a tree as JSON, in file order. Times become strings, and also
// floats that JSON cannot represent. indent is the indentation of one level; "" writes one line.
func JSONText(n *Node, indent string) []byte { return jsonfile.Text(n, indent) }

package envfile

import "github.com/sealcfg/sealcfg/crypto"

// Values parses only the values of a plaintext file and is faster than [Parse]. It returns the root
// map of each document, without comments. It does not look for metadata.
func Values(f Format, src []byte) ([]*Node, error) { return f.values(src) }

// ReadYAML parses a YAML file that will not be encrypted, such as a policy, and returns the root
// map of each document. Unlike [Parse], it accepts keys of any scalar type, by their text.
func ReadYAML(src []byte) ([]*Node, error) {
	roots, err := readKeys(src) // a policy decides about access, so use the complete parser
	return roots, orConflict(src, err)
}

// GuessType returns the type and canonical text of an unquoted one-line text in YAML.
func GuessType(text string) (crypto.Type, string) { return guessType(text) }

// CanonicalText parses a value of the given type as a person types it ("yes" is not a boolean, 1e3
// is a float) and returns its canonical text. The error does not contain the value.
func CanonicalText(typ crypto.Type, text string) (string, error) { return canonicalText(typ, text) }

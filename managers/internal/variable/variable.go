// Package variable spells names of secrets like variables of the process
// environment, by which settings are found.
package variable

import "strings"

// Name returns a secret's name with two underscores between levels, and one in
// words: /db/api-key, db.api-key and db--api-key are db__api_key.
func Name(secret string) string {
	levels := strings.FieldsFunc(secret, func(r rune) bool { return r == '/' || r == '.' })
	return strings.ReplaceAll(strings.Join(levels, "__"), "-", "_")
}

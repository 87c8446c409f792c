package tree

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzReference parses arbitrary values of settings. The errors must be constants, because a
// setting may hold a secret.
func FuzzReference(f *testing.F) {
	for _, text := range []string{"ref+awssm://a/b?region=x#c", "ref+vault://a#/b/c", "ref+echo://x", "ref+x://", "ref+X://a", "ref+x://a?%zz", "ref+", `{"a":{"b":null}}`} {
		f.Add(text, "a/b")
		f.Add(`{"a":{"b":"c"}}`, text)
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		if IsReference(text) {
			r, err := ParseReference(text)
			if err != nil {
				require.Equal(t, errReference, err)
			} else {
				require.NotEmpty(t, r.Scheme)
				require.NotEmpty(t, r.Name)
			}
		}
		if _, err := FieldOfJSON(text, key); err != nil {
			require.Contains(t, []error{errNoObject, errNoField}, err)
		}
	})
}

package envfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// sops up to 3.11 wrote the fields of flat metadata in any order.
func TestFlatMetadataInAnyOrder(t *testing.T) {
	for format, text := range map[envfile.Format]string{envfile.INI: "[a]\nk = v\n", envfile.Dotenv: "A=x\n"} {
		d, err := envfile.Parse(format, []byte(text))
		require.NoError(t, err)
		s, _, err := envfile.Seal(t.Context(), d, envfile.Rules{}, groupsOf(2, alice, bob, carol))
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSuffix(string(s.Bytes()), "\n"), "\n")
		first := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "key_groups__list_0") })
		slices.Reverse(lines[first:])
		// sops 3.9 wrote the threshold in this form.
		old := strings.NewReplacer("shamir_threshold=2\n", "shamir_threshold=2.000000\n", " = 2\n", " = 2.000000\n").Replace(strings.Join(lines, "\n") + "\n")
		require.Contains(t, old, "2.000000")
		s, err = envfile.ParseSealed(format, []byte(old))
		require.NoError(t, err)
		require.Len(t, s.Metadata().Groups, 3)
		o, err := s.Open(t.Context(), carol, bob)
		require.NoError(t, err)
		back, err := o.Text()
		require.NoError(t, err)
		assert.Equal(t, text, string(back))

		_, err = envfile.ParseSealed(format, []byte(strings.ReplaceAll(strings.Join(lines, "\n"), "key_groups__list_1", "key_groups__list_7")))
		var refused *envfile.SyntaxError
		require.ErrorAs(t, err, &refused)
		assert.Contains(t, refused.Reason, "gap in its list")
	}
}

package envfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// TestMessagesNameListItems requires the index of a list item in every message about a value.
func TestMessagesNameListItems(t *testing.T) {
	sealed := seal(t, "hosts:\n  - one\n  - name: two\n", envfile.Rules{}).Bytes()
	item := strings.Split(string(sealed), "\n")[1]
	for _, c := range []struct{ name, text, want string }{
		{"a broken ciphertext", strings.Replace(string(sealed), "ENC[AES256_GCM,data:", "ENC[AES256_GCM,data:AAAA", 1), "hosts[0]: "},
		{"an unencrypted value", strings.Replace(string(sealed), item, "  - one", 1), "hosts[0] is unencrypted"},
		{"a number in place of a ciphertext", strings.Replace(string(sealed), item, "  - 1", 1), "hosts[0] is unencrypted"},
		{"a map in the list", strings.Replace(string(sealed), "name: ENC", "name: two # ENC", 1), "hosts[1].name is unencrypted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := openErr(c.text)
			require.ErrorIs(t, err, envfile.ErrIntegrity)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestForeignTagsNameListItems(t *testing.T) {
	text := unbound(t, string(seal(t, "hosts:\n  - one\n  - !include two\n", envfile.Rules{}).Bytes()))
	o := open(t, parseSealed(t, text))
	assert.Equal(t, []envfile.Position{{Line: 3, Path: "hosts[1]"}}, o.ForeignTags())
}

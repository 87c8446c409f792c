package envfile_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// The test vector of docs/format.md: what the binding of testdata/binding.yaml
// seals, put together here from the words of the specification.
func TestBindingVector(t *testing.T) {
	const dataKey = "A+co0ihC/9U8raHen2ZuXDcL17W2xCSWQokYmqPuvHM="
	number := func(n int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	text := func(s string) string { return number(len(s)) + s }
	digest := func(parts ...string) string {
		sum := sha256.Sum256([]byte(strings.Join(parts, "")))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	structure := digest(text("sealcfg structure"), number(1), "m", number(3),
		text("zone_unencrypted"), "c", text("str"), text("eu"),
		text("port"), "s", text("int"), number(len("5432")),
		text("hosts"), "l", number(3), "n", "c", text("str"), text(""), "m", number(0))
	stanza := text("age") + number(1) + text("recipient") + "v" + text(recipient(alice).String())
	policy := digest(text("sealcfg policy"),
		text("encrypted_comment_regex"), text(""), text("encrypted_regex"), text(""), text("encrypted_suffix"), text(""),
		text("unencrypted_comment_regex"), text(""), text("unencrypted_regex"), text(""), text("unencrypted_suffix"), text("_unencrypted"),
		text("mac_only_encrypted"), text("False"), text("shamir_threshold"), number(0),
		text("key_groups"), number(1), number(1), text(stanza))
	want := "structure=" + structure + "\npolicy=" + policy + "\nplace=environment prod"

	src, err := os.ReadFile("testdata/binding.yaml")
	require.NoError(t, err)
	raw, err := base64.StdEncoding.DecodeString(dataKey)
	require.NoError(t, err)
	key, err := crypto.ParseDataKey(raw)
	require.NoError(t, err)
	typ, got, err := crypto.NewValueCipher(key).Open(bindingOf(t, string(src)), "sops.sealcfg.binding 1 2026-11-26T00:16:18Z")
	require.NoError(t, err)
	assert.Equal(t, crypto.Str, typ)
	assert.Equal(t, want, got)

	o, err := openExpecting(envfile.YAML, string(src), envfile.Expectation{Place: "environment prod", Bound: true})
	require.NoError(t, err)
	assert.Equal(t, "environment prod", o.Place())

	doc, err := os.ReadFile("../docs/format.md")
	require.NoError(t, err)
	for _, part := range []string{dataKey, want, bindingOf(t, string(src)), aliceKey} {
		assert.Contains(t, string(doc), part, "docs/format.md has the vector")
	}
}

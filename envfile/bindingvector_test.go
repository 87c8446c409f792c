package envfile_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// vectorLine is a line of a structure in docs/format.md: bytes and their meaning.
type vectorLine struct{ bytes, meaning string }

func number(n int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func text(s string) string { return number(len(s)) + s }

func line(meaning string, parts ...string) vectorLine {
	return vectorLine{strings.Join(parts, ""), meaning}
}

// vectorStructures are the structures of the test vectors, written by hand from docs/format.md.
var vectorStructures = map[string][]vectorLine{
	"all.yaml": {
		line("1 document", text("sealcfg structure"), number(1)),
		line("%TAG", "%", text("%TAG !e! tag:example.com,2026:")),
		line("a map of 5", "m", number(5)),
		line("zone_unencrypted, with the anchor zone", text("zone_unencrypted"), "a", text("zone")),
		line("  unencrypted: str, eu", "c", text("str"), text("eu")),
		line("port, encrypted: int, 4 bytes", text("port"), "s", text("int"), number(4)),
		line(`"on", in quotes`, "q", text("on")),
		line("  tag, quotes, encrypted: str, 2 bytes", "t", text("tag:example.com,2026:mode"), "q", "s", text("str"), number(2)),
		line("mode_unencrypted, written as 0640", text("mode_unencrypted"), "w", text("0640")),
		line("  unencrypted: int, 416", "c", text("int"), text("416")),
		line("hosts, a list of 3", text("hosts"), "l", number(3)),
		line("  null", "n"),
		line("  unencrypted: str, empty, in quotes", "q", "c", text("str"), text("")),
		line("  an empty map", "m", number(0)),
	},
	"comments.yaml": {
		line("1 document: a map of 2; replicas is free", text("sealcfg structure"), number(1), "m", number(2)),
		line("db, a map of 1; host is free", text("db"), "m", number(1)),
		line("password, selected, encrypted: str, 7 bytes", text("password"), "r", "s", text("str"), number(7)),
		line("token, selected: null", text("token"), "r", "n"),
	},
	"all.json": {
		line("1 document: a map of 3", text("sealcfg structure"), number(1), "m", number(3)),
		line("zone_unencrypted: str, eu", text("zone_unencrypted"), "c", text("str"), text("eu")),
		line("port, encrypted: int, 4 bytes", text("port"), "s", text("int"), number(4)),
		line("hosts, a list of 3", text("hosts"), "l", number(3)),
		line("  null, empty, an empty map", "n", "c", text("str"), text(""), "m", number(0)),
	},
	"all.env": {
		line("1 document: a map of 3", text("sealcfg structure"), number(1), "m", number(3)),
		line("ZONE_unencrypted: str, eu", text("ZONE_unencrypted"), "c", text("str"), text("eu")),
		line("PORT, encrypted: str, 4 bytes", text("PORT"), "s", text("str"), number(4)),
		line("EMPTY: str, empty", text("EMPTY"), "c", text("str"), text("")),
	},
	"all.ini": {
		line("1 document: a map of 1", text("sealcfg structure"), number(1), "m", number(1)),
		line("db, a map of 4", text("db"), "m", number(4)),
		line("zone_unencrypted: str, eu", text("zone_unencrypted"), "c", text("str"), text("eu")),
		line("port, encrypted: str, 4 bytes", text("port"), "s", text("str"), number(4)),
		line("empty: str, empty", text("empty"), "c", text("str"), text("")),
		line("host in quotes, indented, with a comment, encrypted: str, 3 bytes", text("host"), "f", text(`"=';>`), "s", text("str"), number(3)),
	},
	"all.toml": {
		line("1 document: a map of 4", text("sealcfg structure"), number(1), "m", number(4)),
		line("zone_unencrypted: str, eu", text("zone_unencrypted"), "c", text("str"), text("eu")),
		line("since, a local date, encrypted: str, 10 bytes", text("since"), "d", text("date"), "s", text("str"), number(10)),
		line("at_unencrypted, a local time", text("at_unencrypted"), "d", text("time"), "c", text("str"), text("07:32:00")),
		line("port, encrypted: int, 4 bytes", text("port"), "s", text("int"), number(4)),
	},
	"all.bin": {
		line("1 document: a map of 1", text("sealcfg structure"), number(1), "m", number(1)),
		line("data, encrypted: str, 3 bytes", text("data"), "s", text("str"), number(3)),
	},
}

// The bindings of testdata/binding match the test vectors of docs/format.md.
func TestBindingVectors(t *testing.T) {
	raw, err := base64.StdEncoding.DecodeString(envfile.VectorKey)
	require.NoError(t, err)
	key, err := crypto.ParseDataKey(raw)
	require.NoError(t, err)
	doc, err := os.ReadFile("../docs/format.md")
	require.NoError(t, err)
	assert.Contains(t, string(doc), envfile.VectorKey)
	assert.Contains(t, string(doc), aliceKey)
	for _, v := range envfile.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			var structure, shown strings.Builder
			for _, l := range vectorStructures[v.Name] {
				structure.WriteString(l.bytes)
				fmt.Fprintf(&shown, "%x  # %s\n", l.bytes, l.meaning)
			}
			want := "structure=" + digest(structure.String()) + "\npolicy=" + digest(vectorPolicy(v.Rules.Normal())) + "\nlocation=environment prod"

			src, err := os.ReadFile(filepath.Join("testdata", "binding", v.Name))
			require.NoError(t, err)
			format, _ := envfile.FormatOf(v.Name)
			o, err := openExpecting(format, string(src), envfile.Expectation{Location: "environment prod", Bound: true})
			require.NoError(t, err)
			assert.Equal(t, "environment prod", o.Location())
			assert.Equal(t, v.Plain, document(t, o))

			aad := "sops.sealcfg.binding 2 " + o.Sealed().Metadata().LastModified
			typ, got, err := crypto.NewValueCipher(key).Open(bindingOf(t, string(src)), aad)
			require.NoError(t, err)
			assert.Equal(t, crypto.Str, typ)
			assert.Equal(t, want, got)

			for _, part := range []string{"testdata/binding/" + v.Name, shown.String(), want} {
				assert.Contains(t, string(doc), part, "docs/format.md has the vector")
			}
		})
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func vectorPolicy(r envfile.Rules) string {
	stanza := text("age") + number(1) + text("recipient") + "v" + text(recipient(alice).String())
	only := "False"
	if r.MACOnlyEncrypted {
		only = "True"
	}
	return text("sealcfg policy") +
		text("encrypted_comment_regex") + text(r.EncryptedCommentRegex) + text("encrypted_regex") + text(r.EncryptedRegex) +
		text("encrypted_suffix") + text(r.EncryptedSuffix) + text("unencrypted_comment_regex") + text(r.UnencryptedCommentRegex) +
		text("unencrypted_regex") + text(r.UnencryptedRegex) + text("unencrypted_suffix") + text(r.UnencryptedSuffix) +
		text("mac_only_encrypted") + text(only) + text("shamir_threshold") + number(0) +
		text("key_groups") + number(1) + number(1) + text(stanza)
}

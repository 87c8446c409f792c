package envfile

import (
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/keys"
)

// VectorKey is the data key of the test vectors.
const VectorKey = "A+co0ihC/9U8raHen2ZuXDcL17W2xCSWQokYmqPuvHM="

// A Vector is a file of testdata/binding.
type Vector struct {
	Name, Plain string
	Rules       Rules
}

// Vectors are the test vectors of docs/format.md.
var Vectors = []Vector{
	{"all.yaml", "%TAG !e! tag:example.com,2026:\n---\nzone_unencrypted: &zone eu\nport: 5432\n\"on\": !e!mode \"no\"\nmode_unencrypted: 0640\nhosts:\n  - null\n  - \"\"\n  - {}\n", Rules{}},
	{"comments.yaml", "replicas: 3\ndb:\n  host: db1\n  # secret\n  password: hunter2\n# secret\ntoken:\n", Rules{EncryptedCommentRegex: "secret", MACOnlyEncrypted: true}},
	{"all.json", "{\"zone_unencrypted\": \"eu\", \"port\": 5432, \"hosts\": [null, \"\", {}]}\n", Rules{}},
	{"all.env", "ZONE_unencrypted=eu\nPORT=5432\nEMPTY=\n", Rules{}},
	{"all.ini", "[db]\nzone_unencrypted = eu\nport = 5432\nempty =\n  \"host\" = 'db1' ; primary\n", Rules{}},
	{"all.toml", "zone_unencrypted = \"eu\"\nsince = 2020-01-31\nat_unencrypted = 07:32:00\nport = 5432\n", Rules{}},
	{"all.bin", "\x00\xff\n", Rules{}},
}

// TestEncryptVectors encrypts the test vectors again, with -reseal.
func TestEncryptVectors(t *testing.T) {
	if again := flag.Lookup("reseal"); again == nil || again.Value.String() != "true" {
		t.Skip("only with -reseal")
	}
	raw, err := base64.StdEncoding.DecodeString(VectorKey)
	require.NoError(t, err)
	key, err := crypto.ParseDataKey(raw)
	require.NoError(t, err)
	to, err := keys.ParseAgeRecipient("age1lzf4l6uzy87gttqzhr6z747hgxqeqjhe39mm4lps5nxxj7u8kdns62kww0")
	require.NoError(t, err)
	for _, v := range Vectors {
		f, _ := FormatOf(v.Name)
		d, err := Parse(f, []byte(v.Plain))
		require.NoError(t, err)
		groups, err := wrap(t.Context(), key, Recipients{Groups: [][]keys.Recipient{{to}}}, nil)
		require.NoError(t, err)
		meta := &Metadata{Groups: groups, Rules: v.Rules.For(f), Version: FormatVersion}
		meta.touch(time.Date(2026, 11, 26, 0, 16, 17, 0, time.UTC))
		s, _, err := sealWith(d, key, meta, nil, "environment prod")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join("testdata", "binding", v.Name), s.Bytes(), 0o644))
	}
}

package envfile_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// rotate gives a file a new data key under its own rules, and checks that the plaintext and the
// shape stay the same and no nonce is reused.
func rotate(t *testing.T, o *envfile.Opened) string {
	t.Helper()
	was, text := string(o.Sealed().Bytes()), document(t, o)
	s, err := o.Rotate(context.Background(), o.Sealed().Metadata().Rules, sealedTo(alice))
	require.NoError(t, err)
	now := string(s.Bytes())
	old := nonces(was)
	for nonce, uses := range nonces(now) {
		assert.Len(t, uses, 1, "nonce %s is used twice", nonce)
		assert.NotContains(t, old, nonce)
	}
	assert.Equal(t, text, document(t, open(t, s)))
	return now
}

func TestRotateChangesCiphertextsOnly(t *testing.T) {
	for name, src := range map[string]string{
		"styles":               "a: plain\nb: 'single'\nc: \"double\"\nd: |\n  two\n  lines\ne: >-\n  folded\n  text\nn: 3\n",
		"flow":                 "m: {a: x, b: 'y', c: [1, two, \"3\"]} # remark\nroot: ! 'z'\n",
		"comments":             "# top\n\na: x # same\nb: y # same\n# same\nl:\n  #\n  # in the list\n  - 1\n  - 1\n# end\n",
		"empty":                "a: \"\"\nb:\nc: {}\nd: []\ne: ''\n",
		"clear":                "a_unencrypted: x\nb: y\nm_unencrypted:\n  # clear\n  c: 1\n",
		"crlf":                 "a: x\r\nb:\r\n  c: y\r\n",
		"no end":               "a: x\nb: y",
		"documents":            "a: x\n---\nb: y\n# two\n",
		"a root in flow style": "{a: x, b: {c: 1}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := seal(t, src, envfile.Rules{})
			now := rotate(t, open(t, s))
			assert.Equal(t, body(t, string(s.Bytes())), body(t, now), "more than ciphertexts changed")
		})
	}
}

func TestRotateSealsWhatStandsInClear(t *testing.T) {
	s := string(seal(t, "a: x\nb: y\n", envfile.Rules{}).Bytes())
	o := open(t, parseSealed(t, "# added by hand\n"+s))
	now := rotate(t, o)
	assert.NotContains(t, now, "added by hand")
}

func TestRotateForRulesOnComments(t *testing.T) {
	s := seal(t, "# secret\na: x\nb: y\n", envfile.Rules{EncryptedCommentRegex: "secret"})
	now := rotate(t, open(t, s))
	assert.Contains(t, now, "# secret\n")
	assert.Contains(t, now, "b: y\n")
}

func TestRotateMACOnlyEncrypted(t *testing.T) {
	rotate(t, open(t, seal(t, "a_unencrypted: x\nb: y\n", envfile.Rules{MACOnlyEncrypted: true})))
}

// sops writes list comments as items, and neither folds nor quotes values.
func TestRotateFilesOfSops(t *testing.T) {
	id := conformanceIdentity(t)
	rotated := 0
	for name, text := range conformanceFiles(t, "sealed-by-sops") {
		s, err := envfile.ParseSealed(envfile.YAML, []byte(text))
		if err != nil {
			continue // cannot be decrypted: covered by the interop tests
		}
		o, err := s.Open(context.Background(), id)
		if err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) { rotate(t, o) })
		rotated++
	}
	assert.GreaterOrEqual(t, rotated, 10)
}

func TestTextIsThatOfTheDocument(t *testing.T) {
	id := conformanceIdentity(t)
	for name, text := range conformanceFiles(t, "sealed-by-sops") {
		s, err := envfile.ParseSealed(envfile.YAML, []byte(text))
		if err != nil {
			continue
		}
		o, err := s.Open(context.Background(), id)
		if err != nil {
			continue
		}
		plain, err := o.Text()
		require.NoError(t, err, name)
		assert.Equal(t, document(t, o), string(plain), name)
	}
}

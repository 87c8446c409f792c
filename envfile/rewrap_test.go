package envfile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

func wrapped(s *envfile.Sealed) map[string]string {
	m := map[string]string{}
	for _, st := range s.Metadata().Stanzas() {
		m[keys.Name(st)] = st.Wrapped
	}
	return m
}

func TestRewrapKeepsValuesAndStanzas(t *testing.T) {
	s := seal(t, service, envfile.Rules{})
	added, err := open(t, s).Rewrap(context.Background(), sealedTo(alice, bob))
	require.NoError(t, err)
	assert.Equal(t, body(t, string(s.Bytes())), body(t, string(added.Bytes())))
	assert.Equal(t, encForm.FindAllString(unbound(t, string(s.Bytes())), -1), encForm.FindAllString(unbound(t, string(added.Bytes())), -1), "values and mac stay")
	assert.Equal(t, wrapped(s)[recipient(alice).String()], wrapped(added)[recipient(alice).String()])
	assert.Equal(t, s.Metadata().LastModified, added.Metadata().LastModified, "the mac is bound to it")

	o, err := parseSealed(t, string(added.Bytes())).Open(context.Background(), bob)
	require.NoError(t, err)
	assert.Equal(t, service, document(t, o))

	// Return to one recipient: bob's stanza is removed, alice's stays, and the file is the same as
	// before.
	removed, err := o.Rewrap(context.Background(), sealedTo(alice))
	require.NoError(t, err)
	assert.Equal(t, unbound(t, string(s.Bytes())), unbound(t, string(removed.Bytes())))
	_, err = removed.Open(context.Background(), bob)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
}

func TestRewrapRefusesNobody(t *testing.T) {
	_, err := open(t, seal(t, "a: x\n", envfile.Rules{})).Rewrap(context.Background(), envfile.Recipients{})
	require.ErrorIs(t, err, envfile.ErrNoRecipients)
}

func TestRotateSealsEverythingAgain(t *testing.T) {
	s := seal(t, service, envfile.Rules{})
	rotated, err := open(t, s).Rotate(context.Background(), s.Metadata().Rules, sealedTo(bob))
	require.NoError(t, err)
	assert.Equal(t, body(t, string(s.Bytes())), body(t, string(rotated.Bytes())))
	old := nonces(string(s.Bytes()))
	for nonce := range nonces(string(rotated.Bytes())) {
		assert.NotContains(t, old, nonce)
	}
	_, err = rotated.Open(context.Background(), alice)
	require.ErrorIs(t, err, keys.ErrNoIdentity)
	o, err := rotated.Open(context.Background(), bob)
	require.NoError(t, err)
	assert.Equal(t, service, document(t, o))

	// A stanza of the old file does not decrypt a file with another data key.
	grafted := strings.Replace(string(rotated.Bytes()), indented(wrapped(rotated)[recipient(bob).String()]),
		indented(wrapped(s)[recipient(alice).String()]), 1)
	require.NotEqual(t, string(rotated.Bytes()), grafted)
	require.ErrorIs(t, openErr(grafted), envfile.ErrIntegrity)
}

// indented formats an armored stanza as in the metadata.
func indented(armor string) string {
	return strings.ReplaceAll(strings.TrimSuffix(armor, "\n"), "\n", "\n            ")
}

func TestRotateChangesRules(t *testing.T) {
	s := seal(t, "a: x\npassword: y\n", envfile.Rules{})
	rotated, err := open(t, s).Rotate(context.Background(), envfile.Rules{EncryptedRegex: "^pass"}, sealedTo(alice))
	require.NoError(t, err)
	assert.Equal(t, "a: x\npassword: <str>\n", body(t, string(rotated.Bytes())))
	assert.Equal(t, envfile.Rules{EncryptedRegex: "^pass"}, rotated.Metadata().Rules)
}

// Every change keeps the position of the metadata and its unknown fields.
func TestBlockStaysWhereItIs(t *testing.T) {
	s := string(seal(t, "a: x\nb: y\n", envfile.Rules{}).Bytes())
	at := strings.Index(s, "sops:")
	block := s[at:] + "    other:\n        thing: \"1\" # kept\n        list: [1, {x: null}]\n"
	first, second, _ := strings.Cut(s[:at], "\n")
	for name, text := range map[string]string{
		"top":          block + s[:at],
		"middle":       first + "\n" + block + second,
		"end":          s,
		"gap before":   first + "\n\n" + block + second,
		"gap around":   first + "\n\n\n" + block + "\n" + second,
		"blank around": "\n" + block + "\n\n" + s[:at],
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, parseSealed(t, text))
			plain := document(t, o)
			assert.NotContains(t, plain, "sops")

			again := string(reseal(t, o, strings.Replace(plain, "x", "z", 1)).Bytes())
			requireSmallChange(t, text, again)
			assert.Equal(t, strings.Contains(text, "thing"), strings.Contains(again, "thing: \"1\" # kept"))

			for _, step := range []func() (*envfile.Sealed, error){
				func() (*envfile.Sealed, error) { return o.Rewrap(context.Background(), sealedTo(alice, bob)) },
				func() (*envfile.Sealed, error) { return o.Rotate(context.Background(), envfile.Rules{}, sealedTo(bob)) },
			} {
				s, err := step()
				require.NoError(t, err)
				assert.Equal(t, strings.Index(text, "sops:"), strings.Index(encForm.ReplaceAllStringFunc(string(s.Bytes()),
					func(string) string { return encForm.FindString(text) }), "sops:"))
				assert.Equal(t, strings.Contains(text, "thing"), strings.Contains(string(s.Bytes()), "thing: \"1\""))
			}
		})
	}
}

// The metadata has the indentation of the first field, even after a comment or a question mark.
func TestBlockIndentation(t *testing.T) {
	for text, indent := range map[string]string{
		"  # why?\na: x\n": "", "  a: x\n": "  ", "? a\n: x\n": "", "?\n  a\n: x\n": "", "  ? a\n  : x\n": "  ", "# why?\n  a: x\n": "  ",
	} {
		s := seal(t, text, envfile.Rules{})
		assert.Contains(t, string(s.Bytes()), "\n"+indent+"sops:\n"+indent+"    age:\n", "%q", text)
		assert.Equal(t, text, document(t, open(t, s)))
	}
}

func TestOpenedKeepsQuiet(t *testing.T) {
	o := open(t, seal(t, "a: hunter2\n", envfile.Rules{}))
	assert.Equal(t, "[opened file]", o.String())
	assert.Equal(t, "[opened file]", fmt.Sprintf("%#v", o))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q", "%t"} {
		assert.NotContains(t, fmt.Sprintf(verb, o), "hunter2")
		inside := fmt.Sprintf(verb, struct{ o *envfile.Opened }{o})
		assert.NotContains(t, inside, "hunter2", verb)
	}
}

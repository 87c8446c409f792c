//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A victim is a project with one YAML file as sops would have written it. mallory is not a
// recipient.
type victim struct {
	*bench
	file, sealed      string
	own, mallory, key string // recipients, and the key file of mallory
	encOfOwn          string // the wrapped key, indented as in the file
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	v := &victim{bench: newBench(t)}
	v.file, v.key = filepath.Join(v.dir, "app.yaml"), filepath.Join(v.dir, "mallory.key")
	v.own = strings.TrimSpace(v.sealcfg("key", "show"))
	v.mallory = strings.TrimSpace(v.sealcfg("key", "new", "-q", "-o", v.key))
	require.NoError(t, os.WriteFile(filepath.Join(v.dir, ".sops.yaml"), []byte(rule(v.own)), 0o644))
	require.NoError(t, os.WriteFile(v.file, []byte("a: old\n"), 0o644))
	v.sealcfg("encrypt", "-q", "app.yaml")
	v.sealed = bindingBlock.ReplaceAllString(readFile(t, v.file), "")
	_, rest, _ := strings.Cut(v.sealed, "        - enc: |\n")
	v.encOfOwn, _, _ = strings.Cut(rest, "          recipient:")
	require.Contains(t, v.encOfOwn, "END AGE")
	return v
}

// with returns the file with one text replaced. The text must occur.
func (v *victim) with(old, new string) string {
	v.t.Helper()
	require.Contains(v.t, v.sealed, old)
	return strings.Replace(v.sealed, old, new, 1)
}

// after writes a file and runs, as alice, a change and a rekey, as far as they succeed. The new
// value must be encrypted in both, and mallory must not be able to read it.
func (v *victim) after(t *testing.T, text string) {
	t.Helper()
	for _, args := range [][]string{
		{"set", "app.yaml", "d", "CANARY"}, {"sops", "rotate", "-i", "app.yaml"}, {"rekey", "--yes", "app.yaml"},
	} {
		require.NoError(t, os.WriteFile(v.file, []byte(text), 0o644))
		begun := time.Now()
		_, stderr, _ := v.run("", args...)
		assert.Less(t, time.Since(begun), 30*time.Second, "%v", args)
		assert.NotContains(t, stderr, "panic", "%v", args)
		assert.NotContains(t, readFile(t, v.file), "CANARY", "%v", args)
		if readFile(t, v.file) != text { // otherwise she can read only her own text
			assert.False(t, v.opensFor(v.key, "app.yaml"), "%v", args)
		}
	}
}

// These metadata blocks contain something that one parser sees and another does not.
func TestOddMetadata(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	stanza := fmt.Sprintf("        - recipient: %s\n          enc: x\n", v.mallory)
	hers := fmt.Sprintf("{recipient: %s, enc: x}", v.mallory)
	const age, version, suffix = "    age:\n", "    version:", "    unencrypted_suffix: _unencrypted\n"
	_, block, _ := strings.Cut(v.sealed, "sops:\n")
	for name, text := range map[string]string{
		"a merge key with a selector":        v.with(suffix, "    <<: {unencrypted_regex: ^d$}\n"),
		"a merge of an anchor":               v.with("sops:\n", "x_unencrypted: &x {unencrypted_regex: ^d$}\nsops:\n    <<: *x\n"),
		"a merge key with recipients":        v.with(age, "    <<: {age: ["+hers+"]}\n"+age),
		"recipients by an alias":             v.with(age, "    x: &x ["+hers+"]\n    pgp: *x\n"+age),
		"a group for her behind the list":    v.with(version, "    key_groups: [{age: ["+hers+"]}]\n"+version),
		"the same group twice":               v.with(age, "    key_groups:\n        - &g {age: ["+hers+"]}\n        - *g\n"+age),
		"an empty group":                     v.with(age, "    key_groups: [{}, {age: []}, null]\n"+age),
		"empty groups alone":                 strings.Replace(v.with(age, "    key_groups: [{}, {}]\n    x:\n"), version, "    shamir_threshold: 2\n"+version, 1),
		"a threshold of none":                v.with(version, "    shamir_threshold: 0\n"+version),
		"a negative threshold":               v.with(version, "    shamir_threshold: -1\n"+version),
		"a threshold without end":            v.with(version, "    shamir_threshold: 99999999999999999999999\n"+version),
		"a threshold as text":                v.with(version, "    shamir_threshold: \"1\"\n"+version),
		"two blocks":                         v.sealed + "sops:\n" + block,
		"two blocks, one in quotes":          v.sealed + "\"sops\":\n" + block,
		"a block of another name":            v.sealed + "Sops:\n" + block,
		"a block deeper down":                v.sealed + "b:\n    sops:\n" + strings.ReplaceAll("    "+block, "\n", "\n    ") + "\n",
		"a block in the second document":     v.sealed + "---\nb: x\nsops:\n" + block,
		"a second document without":          v.sealed + "---\nd: CLEAR\n",
		"the list twice":                     v.with(age, age+stanza+age),
		"the list in capitals":               v.with(age, "    AGE:\n"+stanza+age),
		"a list as a map":                    v.with(age, "    pgp: {fp: x, enc: y}\n"+age),
		"a list of texts":                    v.with(age, "    pgp: [x]\n"+age),
		"a conflict in the block":            v.with(age, "<<<<<<< ours\n"+age+stanza+"=======\n"+age+">>>>>>> theirs\n"),
		"a recipient with space behind":      v.with("recipient: "+v.own, "recipient: \""+v.own+" \\n\""),
		"a recipient with no width in it":    v.with("recipient: "+v.own, "recipient: \"\u200b"+v.own+"\""),
		"a recipient in capitals":            v.with("recipient: "+v.own, "recipient: "+strings.ToUpper(v.own)),
		"a recipient that is a list":         v.with("recipient: "+v.own, "recipient: ["+v.own+", "+v.mallory+"]"),
		"a recipient that is a map":          v.with("recipient: "+v.own, "recipient: {a: "+v.mallory+"}"),
		"her name on the right wrapped key":  v.with("recipient: "+v.own, "recipient: "+v.mallory),
		"a comment that names":               v.with(age, age+"        # "+v.mallory+"\n"),
		"a date that is none":                v.with(version, "    lastmodified: 2026-01-01T00:00:00Z\n"+version),
		"a tag":                              v.with(suffix, "    unencrypted_regex: !!binary XmQk\n"),
		"a selector in a selector's text":    v.with(suffix, "    unencrypted_suffix: \"_unencrypted\\nunencrypted_regex: ^d$\"\n"),
		"a selector from another document":   "x_unencrypted: &d ^d$\n" + v.with(suffix, "    unencrypted_regex: *d\n"),
		"a wrapped key that is an anchor":    v.with("- enc: |\n", "- enc: &e |\n"),
		"a block that is a reference":        "b_unencrypted: &b\n" + block + "sops: *b\n",
		"a block as text":                    v.with("sops:\n", "sops: |\n"),
		"an alias to the block as its value": v.with("sops:\n", "sops: &s\n    x: *s\n"),
	} {
		t.Run(name, func(t *testing.T) { (&victim{bench: &bench{t, v.dir, v.env}, file: v.file, key: v.key}).after(t, text) })
	}
}

// These stanzas are named as alice's but wrap the data key in another way.
func TestOddWrappedKeys(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	id, err := age.ParseIdentities(strings.NewReader(readFile(t, identityFile(t, v.bench))))
	require.NoError(t, err)
	own, err := age.ParseX25519Recipient(v.own)
	require.NoError(t, err)
	hers, err := age.ParseX25519Recipient(v.mallory)
	require.NoError(t, err)
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(unindent(v.encOfOwn))), id...)
	require.NoError(t, err)
	dataKey, err := io.ReadAll(r)
	require.NoError(t, err)

	wrap := func(secret []byte, to ...age.Recipient) string {
		var b bytes.Buffer
		a := armor.NewWriter(&b)
		w, err := age.Encrypt(a, to...)
		require.NoError(t, err)
		_, err = w.Write(secret)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.NoError(t, a.Close())
		return b.String()
	}
	header := func(lines string) string {
		var b bytes.Buffer
		a := armor.NewWriter(&b)
		_, _ = io.WriteString(a, "age-encryption.org/v1\n"+lines+"--- "+base64.RawStdEncoding.EncodeToString(make([]byte, 32))+"\n0123456789abcdef")
		require.NoError(t, a.Close())
		return b.String()
	}
	body := base64.RawStdEncoding.EncodeToString(make([]byte, 32)) + "\n"
	salt := base64.RawStdEncoding.EncodeToString(make([]byte, 16))
	other := make([]byte, 32)
	_, _ = rand.Read(other)
	for name, c := range map[string]struct {
		enc     string
		insider bool // mallory knows the data key until alice makes another
	}{
		"for both of them, by who knows the data key":  {wrap(dataKey, own, hers), true},
		"for both of them, of another data key":        {wrap(other, own, hers), false},
		"of a key that is too short":                   {wrap(dataKey[:31], own), false},
		"of a key that is too long":                    {wrap(append(bytes.Clone(dataKey), 0), own), false},
		"of nothing":                                   {wrap(nil, own), false},
		"of much":                                      {wrap(make([]byte, 1<<20), own), false},
		"with a passphrase that takes hours to derive": {header("-> scrypt " + salt + " 40\n" + body), false},
		"with a passphrase and a key":                  {header("-> scrypt " + salt + " 20\n" + body + "-> X25519 " + body + body), false},
		"for a plugin":                                 {header("-> evil AAAA\n" + body), false},
		"for ten thousand recipients":                  {header(strings.Repeat("-> X25519 "+body+body, 10_000)), false},
		"with lines of a header without end":           {header("-> X25519 " + strings.Repeat("A", 1<<20) + "\n" + body), false},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(v.sealed, v.encOfOwn, "            "+strings.ReplaceAll(strings.TrimSpace(c.enc), "\n", "\n            ")+"\n", 1)
			at := &victim{bench: &bench{t, v.dir, v.env}, file: v.file, key: v.key}
			if !c.insider {
				at.after(t, text)
				return
			}
			require.NoError(t, os.WriteFile(v.file, []byte(text), 0o644))
			require.True(t, at.opensFor(v.key, "app.yaml"), "she put it there")
			for _, args := range [][]string{{"rekey", "-q", "--yes", "app.yaml"}, {"sops", "rotate", "-i", "app.yaml"}} {
				require.NoError(t, os.WriteFile(v.file, []byte(text), 0o644))
				at.sealcfg(args...)
				assert.False(t, at.opensFor(v.key, "app.yaml"), "%v", args)
			}
		})
	}
}

func unindent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimLeft(line, " "))
	}
	return b.String()
}

// opensFor reports whether a key file decrypts a file.
func (b *bench) opensFor(key, file string) bool {
	cmd := b.command("decrypt", file)
	cmd.Env = append(cmd.Env, "XDG_CONFIG_HOME="+b.t.TempDir(), "SOPS_AGE_KEY_FILE="+key)
	return cmd.Run() == nil
}

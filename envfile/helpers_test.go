package envfile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// Demo identities, created for these tests.
const (
	aliceKey = "AGE-SECRET-KEY-15205YUFKQDP4J4XXY84FVGZNJ7CDKHZ096SZ2NAP2QF7M5Q9VZ7QPU7KDW"
	bobKey   = "AGE-SECRET-KEY-1JRH2RJ2JKY8GM96NWLM57MN05Y5U3TMP8TLMHJWVUJEH8E2V2CVS30WHAK"
	carolKey = "AGE-SECRET-KEY-1AENPR0G2CCUWR33H9FMYNRSA7QCQQEH7FGK8MEVHPRPRFFS4ME7QG50PPX"
)

var (
	alice = identity(aliceKey)
	bob   = identity(bobKey)
	carol = identity(carolKey)
)

func identity(text string) keys.Identity {
	id, err := keys.ParseAgeIdentity(text)
	if err != nil {
		panic(err)
	}
	return id
}

func recipient(id keys.Identity) keys.Recipient {
	r, err := keys.ParseAgeRecipient(id.(keys.Recipienter).Recipient())
	if err != nil {
		panic(err)
	}
	return r
}

func sealedTo(ids ...keys.Identity) envfile.Recipients {
	var group []keys.Recipient
	for _, id := range ids {
		group = append(group, recipient(id))
	}
	return envfile.Recipients{Groups: [][]keys.Recipient{group}}
}

func parse(t testing.TB, src string) *envfile.Document {
	t.Helper()
	d, err := envfile.Parse(envfile.YAML, []byte(src))
	require.NoError(t, err, "%s", src)
	return d
}

func seal(t testing.TB, src string, r envfile.Rules) *envfile.Sealed {
	t.Helper()
	s, _, err := envfile.Seal(context.Background(), parse(t, src), r, sealedTo(alice))
	require.NoError(t, err, "%s", src)
	return s
}

func parseSealed(t testing.TB, src string) *envfile.Sealed {
	t.Helper()
	s, err := envfile.ParseSealed(envfile.YAML, []byte(src))
	require.NoError(t, err, "%s", src)
	return s
}

// open parses the bytes again, like a command that reads the file later.
func open(t testing.TB, s *envfile.Sealed) *envfile.Opened {
	t.Helper()
	o, err := parseSealed(t, string(s.Bytes())).Open(context.Background(), alice)
	require.NoError(t, err, "%s", s.Bytes())
	return o
}

func openErr(text string) error {
	s, err := envfile.ParseSealed(envfile.YAML, []byte(text))
	if err != nil {
		return err
	}
	_, err = s.Open(context.Background(), alice)
	return err
}

func document(t testing.TB, o *envfile.Opened) string {
	t.Helper()
	d, err := o.Document()
	require.NoError(t, err, "%s", o.Sealed().Bytes())
	return string(d.Bytes())
}

func reseal(t testing.TB, o *envfile.Opened, text string) *envfile.Sealed {
	t.Helper()
	s, err := o.Reseal(parse(t, text))
	require.NoError(t, err, "%s", text)
	return s
}

// shape formats the values of a file as lines: path, type, text.
func shape(roots []*envfile.Node) []string {
	var out []string
	var visit func(at string, n *envfile.Node)
	visit = func(at string, n *envfile.Node) {
		switch n.Kind {
		case envfile.Map:
			out = append(out, at+" map")
			for e := range n.Entries() {
				visit(fmt.Sprintf("%s.%q", at, e.Key), e)
			}
		case envfile.List:
			out = append(out, at+" list")
			i := 0
			for e := range n.Entries() {
				visit(fmt.Sprintf("%s[%d]", at, i), e)
				i++
			}
		case envfile.Null:
			out = append(out, at+" null")
		default:
			out = append(out, fmt.Sprintf("%s %s %s %q", at, n.Kind, n.Type, n.Text))
		}
	}
	for i, r := range roots {
		visit(fmt.Sprint(i), r)
	}
	return out
}

var encForm = regexp.MustCompile(`ENC\[AES256_GCM,data:[^,]+,iv:([^,]+),tag:[^,]+,type:(\w+)\]`)

// The metadata block of a document, in block and in flow style. The patterns also
// match CRLF.
var (
	blockForm = regexp.MustCompile(`(?m)^sops:\r?\n(?: +[^\n]*\n?)*`)
	flowForm  = regexp.MustCompile(`(?m)(, )?"sops": \{.*\}(\})`)
)

// body returns an encrypted file without its metadata, with <type> for each encrypted value.
func body(t testing.TB, sealed string) string {
	t.Helper()
	require.Regexp(t, `(?m)^sops:|"sops": \{`, sealed)
	out := blockForm.ReplaceAllString(sealed, "")
	out = flowForm.ReplaceAllString(out, "$2")
	return encForm.ReplaceAllString(out, "<$2>")
}

// macForm matches the MAC and the binding, which every document of a file repeats.
var macForm = regexp.MustCompile(`(mac|binding)"?: "?ENC\[[^\]]*\]`)

// sealcfgForm matches the block with the binding, in block style and in JSON.
var sealcfgForm = regexp.MustCompile(`(?m)^ +sealcfg:\r?\n(?: +(?:binding|version): [^\n]*\n){2}|"sealcfg": ?\{[^}]*\},?\s*`)

// unbound removes the binding, as sops does when it writes a file.
func unbound(t testing.TB, text string) string {
	t.Helper()
	out := sealcfgForm.ReplaceAllString(text, "")
	require.NotEqual(t, text, out)
	return out
}

// nonces maps each nonce of a file to the encrypted values that use it.
func nonces(text string) map[string][]string {
	all := map[string][]string{}
	text = macForm.ReplaceAllString(text, "")
	for _, m := range encForm.FindAllStringSubmatch(text, -1) {
		all[m[1]] = append(all[m[1]], m[0])
	}
	return all
}

// requireFreshNonces checks that no nonce occurs twice in a file, and that a nonce of an older file
// encrypts the same value as before.
func requireFreshNonces(t testing.TB, text string, older ...map[string][]string) {
	t.Helper()
	for nonce, uses := range nonces(text) {
		require.Len(t, uses, 1, "nonce %s is used twice in\n%s", nonce, text)
		for _, o := range older {
			if was, ok := o[nonce]; ok {
				require.Equal(t, was, uses, "nonce %s is used again", nonce)
			}
		}
	}
}

// lines splits a file after its line feeds.
func lines(text string) []string { return strings.SplitAfter(text, "\n") }

// changedLines returns the lines of new that differ from old, which must have
// as many.
func changedLines(t testing.TB, old, new string) []string {
	t.Helper()
	a, b := lines(old), lines(new)
	require.Len(t, b, len(a), "lines came or went:\n--- old\n%s\n--- new\n%s", old, new)
	var out []string
	for i := range a {
		if a[i] != b[i] {
			out = append(out, strings.TrimSpace(b[i]))
		}
	}
	return out
}

const conformance = "../internal/interop/testdata/conformance"

// conformanceFiles reads the YAML files of a directory of the conformance data.
func conformanceFiles(t testing.TB, folder string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(conformance, folder, "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, names, "no conformance data in %s", folder)
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = string(text)
	}
	return files
}

// conformanceIdentity decrypts the conformance files.
func conformanceIdentity(t testing.TB) keys.Identity {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(conformance, "age-key.txt"))
	require.NoError(t, err)
	ids, err := keys.ParseAgeIdentities(string(text))
	require.NoError(t, err)
	require.Len(t, ids, 1)
	return ids[0]
}

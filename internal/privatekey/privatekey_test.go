package privatekey_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/privatekey"
)

// keysOfAllKinds returns private keys, each made for this test.
func keysOfAllKinds(t *testing.T) map[string]string {
	x25519, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	hybrid, err := age.GenerateHybridIdentity()
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	file := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		return string(text)
	}
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	ecDER, err := x509.MarshalECPrivateKey(ec)
	require.NoError(t, err)
	pgp := base64.StdEncoding.EncodeToString(append([]byte{0x95, 3, 0x98, 4, 0x6b, 0x0e, 9, 0x21, 1}, ed...))
	return map[string]string{
		"base64, age":      base64.StdEncoding.EncodeToString([]byte(x25519.String())),
		"base64, age file": base64.StdEncoding.EncodeToString([]byte("# created: 2026-01-01T00:00:00Z\n" + x25519.String() + "\n")),
		"base64, OpenSSH":  base64.StdEncoding.EncodeToString([]byte(file("openssh.pem"))),
		"base64, PKCS 8":   base64.StdEncoding.EncodeToString([]byte(pkcs8(ed))),
		"PGP":              "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + pgp + "\n-----END PGP PRIVATE KEY BLOCK-----\n",
		"base64, PGP":      pgp,
		"age":              x25519.String(),
		"age, PQ":          hybrid.String(),
		"age, two":         x25519.String() + " " + x25519.String(),
		"age, lines":       x25519.String() + "\n" + x25519.String() + "\n",
		"plugin":           "AGE-PLUGIN-YUBIKEY-1" + x25519.String()[16:],
		"OpenSSH":          file("openssh.pem"),
		"OpenSSH, RSA":     file("openssh-rsa.pem"),
		"locked OpenSSH":   file("openssh-locked.pem"),
		"PKCS 1":           string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})),
		"locked PKCS 1": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey),
			Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}})),
		"PKCS 8, RSA":     pkcs8(rsaKey),
		"PKCS 8, ed25519": pkcs8(ed),
		"locked PKCS 8":   file("pkcs8-locked.pem"),
		"locked PKCS 12":  file("pkcs8-locked-rsa.pem"),
		"EC":              string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: ecDER})),
	}
}

// mangled are the ways in which a key gets into a message.
var mangled = map[string]func(string) string{
	"unchanged":    func(s string) string { return s },
	"lower case":   strings.ToLower, // of identities; base64 is no key then
	"cut":          func(s string) string { return s[:2*len(s)/3] },
	"without AGE-": func(s string) string { return s[len("AGE-"):] },
	"one line":     func(s string) string { return strings.ReplaceAll(s, "\n", " ") },
	"CR LF":        func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"cleaned":      func(s string) string { return strings.ReplaceAll(s, "\n", "?") },
	"indented":     func(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") },
	"folded":       func(s string) string { return s[:20] + "\n" + s[20:] },
	"spaced":       func(s string) string { return s[:24] + " " + s[24:40] + " " + s[40:] },
	"quoted":       strconv.Quote,
	"a path":       func(s string) string { return filepath.Join("/home/me/project", s) },
	"named":        func(s string) string { return "SOPS_AGE_KEY=" + s },
	"no frame": func(s string) string {
		lines := strings.Split(strings.TrimSpace(s), "\n")
		return strings.Join(lines[1:len(lines)-1], "\n")
	},
	"no beginning": func(s string) string {
		lines := strings.Split(strings.TrimSpace(s), "\n")
		return strings.Join(lines[2:], "\n")
	},
	"a base name": filepath.Base,
}

// pieces are the parts of a key of which none may be shown.
func pieces(key string) []string {
	var parts []string
	for line := range strings.Lines(key) {
		for word := range strings.FieldsSeq(line) {
			word = strings.TrimPrefix(word, "AGE-SECRET-KEY-")
			if strings.HasPrefix(line, "-----") || strings.Contains(line, ": ") {
				continue
			}
			for i := 0; i+6 <= len(word); i++ {
				parts = append(parts, strings.ToLower(word[i:i+6]))
			}
		}
	}
	return parts
}

func fits(kind, way string) bool {
	if strings.HasPrefix(kind, "base64") && (strings.HasPrefix(way, "no ") || way == "lower case" || way == "without AGE-" || way == "spaced" || way == "a base name") {
		return false
	}
	frame := !strings.HasPrefix(kind, "age") && !strings.HasPrefix(kind, "base64") && kind != "plugin"
	switch way {
	case "lower case", "without AGE-":
		return !frame && (way == "lower case" || kind != "plugin")
	case "no frame", "no beginning", "a base name":
		return frame && !(way == "no frame" && kind == "locked PKCS 1") // its data is random
	case "folded", "spaced":
		return kind == "age"
	}
	return true
}

func TestHide(t *testing.T) {
	t.Parallel()
	for kind, key := range keysOfAllKinds(t) {
		for way, mangle := range mangled {
			if !fits(kind, way) {
				continue
			}
			for _, message := range []string{
				"error: open %s: no such file or directory\nhint: unset the variable\n",
				"error: unknown command %q for \"sealcfg\"\n",
				"%s",
			} {
				given := fmt.Sprintf(message, mangle(key))
				hidden := privatekey.Hide(given)
				assert.True(t, privatekey.In(given), "%s, %s: %s", kind, way, given)
				assert.False(t, privatekey.In(hidden), "%s, %s: %s", kind, way, hidden)
				for _, piece := range pieces(key) {
					if strings.Contains(strings.ToLower(hidden), piece) {
						assert.Fail(t, "a part of the key is shown", "%s, %s, %s: %s", kind, way, piece, hidden)
						break
					}
				}
				if strings.HasPrefix(message, "error: open") {
					assert.Contains(t, hidden, "no such file or directory\nhint: unset the variable\n", "%s, %s", kind, way)
				}
			}
		}
	}
}

// TestHideCut hides an identity without its beginning, from which too little of the
// prefix is left to recognize it.
func TestHideCut(t *testing.T) {
	t.Parallel()
	all := keysOfAllKinds(t)
	for _, kind := range []string{"age", "age, PQ", "plugin"} {
		key := all[kind]
		data := strings.LastIndex(key, "-1") + 1
		for _, cut := range []int{6, 9, len("AGE-SECRET-"), data - 2, data, data + 1, data + 12, len(key) - 32} {
			for _, message := range []string{"%s", "error: unknown command %q for \"sealcfg\"\n", "error: open dir/%s: no such file\n"} {
				given := fmt.Sprintf(message, key[cut:])
				hidden := privatekey.Hide(given)
				assert.True(t, privatekey.In(given), "%s: %s", kind, given)
				for _, piece := range pieces(key[max(cut, data+1):]) {
					require.NotContains(t, strings.ToLower(hidden), piece, "%s: %s", kind, given)
				}
			}
			if data-cut >= 1 {
				assert.True(t, privatekey.In(strings.ToLower(key[cut:])) || kind == "plugin", "%s: %s", kind, key[cut:])
			}
		}
	}
}

// TestHideEncoded hides the hexadecimal and the URL-safe base64 form of keys, also
// without their beginning.
func TestHideEncoded(t *testing.T) {
	t.Parallel()
	url := base64.RawURLEncoding
	for kind, key := range keysOfAllKinds(t) {
		if strings.HasPrefix(kind, "base64") {
			continue
		}
		forms := map[string]string{
			"hex":       hex.EncodeToString([]byte(key)),
			"HEX":       strings.ToUpper(hex.EncodeToString([]byte(key))),
			"hex lines": regexp.MustCompile(".{60}").ReplaceAllString(hex.EncodeToString([]byte(key)), "$0\n"),
			"URL":       url.EncodeToString([]byte(key)),
			"URL =":     base64.URLEncoding.EncodeToString([]byte(key)),
		}
		if block, _ := pem.Decode([]byte(key)); block != nil && kind != "PGP" && kind != "locked PKCS 1" {
			forms["hex of the block"] = hex.EncodeToString(block.Bytes)
			forms["URL of the block"] = url.EncodeToString(block.Bytes)
		}
		if strings.HasPrefix(kind, "age") {
			forms["hex, cut"] = hex.EncodeToString([]byte(key[5:]))
			forms["hex lines, cut"] = regexp.MustCompile(".{60}").ReplaceAllString(hex.EncodeToString([]byte(key[16:])), "$0\n")
			forms["hex, cut in a byte"] = hex.EncodeToString([]byte(key[16:]))[1:]
			for cut := range 4 {
				forms[fmt.Sprint("URL, cut at ", cut)] = url.EncodeToString([]byte(key))[20+cut:]
			}
		}
		for form, encoded := range forms {
			for _, message := range []string{"%s", "error: unknown command %q for \"sealcfg\"\n", "error: open dir/%s: no such file\n"} {
				given := fmt.Sprintf(message, encoded)
				hidden := privatekey.Hide(given)
				require.True(t, privatekey.In(given), "%s, %s: %s", kind, form, given)
				require.False(t, privatekey.In(hidden), "%s, %s: %s", kind, form, hidden)
				for _, piece := range pieces(encoded) {
					require.NotContains(t, strings.ToLower(hidden), piece, "%s, %s: %s", kind, form, given)
				}
			}
		}
	}
}

// TestHideNothing passes strings that look like keys and are not.
func TestHideNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"",
		"want the identity: AGE-SECRET-KEY-1…",
		"AGE-SECRET-KEY-1..., AGE-PLUGIN-NAME-1…",
		"age-plugin-yubikey: touch your token",
		"age-plugin-se-1 is not on PATH",
		"age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmQHpVxSNYzIVWfxyyHXZvBFnpBy7eyCV5kUO2wVWsg me@laptop",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDMIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
		"aws.secret-key-id: unknown key; did you mean secret_key?",
		"MIIDazCCAlOgAwIBAgIUQ2VydGlmaWNhdGU is a certificate",
		"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		"gpg: 85D77543B3D624B63CEA9E6DBC17301B491B3F21, 85D77543A3D624A63CEA9E6DAC27302A492A3F22",
		"commit 6f70656e73d624b63cea9e6dbc17301b491b3f21",
		"sha256:3082d77543b3d624b63cea9e6dbc17301b491b3f2185d77543b3d624b63cea9e",
		"SHA256:3182D77543A3D624A63CEA9E6DAC27302A492A3F2285D77543A3D624A63CEA9E",
		"environments/my-latest-release-of-the-shop_2026-12-01.yaml, latest-Backup_of_2026-12-01_prod.yaml",
		"A_VARIABLE_WITH_A_VERY_LONG_NAME_IN_UPPER_CASE, AVARIABLEWITHAVERYLONGNAMEINUPPERCASE",
		"age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt",
		"age1tagpq1" + strings.Repeat("q", 200),
		"01ARZ3NDEKTSV4RRFFQ69G5FAV, AKIAIOSFODNN7EXAMPLE",
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE is a public key, MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A too",
		"-----", "--- a/environments/prod.yaml", "a ----- b",
		"encrypted prod.yaml (3 values) for alice, MAY, MIX and M",
	} {
		assert.Equal(t, text, privatekey.Hide(text))
		assert.False(t, privatekey.In(text), text)
	}
}

// TestWriter writes a message in two and in many pieces.
func TestWriter(t *testing.T) {
	t.Parallel()
	write := func(pieces ...string) string {
		var out strings.Builder
		w := privatekey.NewWriter(&out)
		for _, p := range pieces {
			n, err := w.Write([]byte(p))
			require.NoError(t, err)
			require.Equal(t, len(p), n)
		}
		require.NoError(t, w.Flush())
		return out.String()
	}
	all := keysOfAllKinds(t)
	all["age, data"] = all["age"][len("AGE-SECRET-KEY-1"):]
	for kind, key := range all {
		message := "error: open " + key + ": no such file\nhint: unset it\n"
		want := write(message)
		require.NotContains(t, want, "KEY-1", kind)
		require.Contains(t, want, "[private key]", kind)
		for i := range message {
			got := write(message[:i], message[i:])
			// The first three characters are not kept back.
			if at := i - len("error: open "); at > 3 || at <= 0 {
				require.Equal(t, want, got, "%s at %d", kind, i)
			}
			for _, piece := range pieces(key) {
				if strings.Contains(strings.ToLower(got), piece) {
					require.Fail(t, "a part of the key is shown", "%s at %d: %s", kind, i, got)
				}
			}
		}
	}
}

// TestWriterOfBytes writes one byte at a time.
func TestWriterOfBytes(t *testing.T) {
	t.Parallel()
	for kind, key := range keysOfAllKinds(t) {
		var out strings.Builder
		w := privatekey.NewWriter(&out)
		for _, c := range []byte("error: open " + key + ": no such file\nhint: unset it\n") {
			_, err := w.Write([]byte{c})
			require.NoError(t, err)
		}
		require.NoError(t, w.Flush())
		assert.Contains(t, out.String(), "[private key]", kind)
		assert.Contains(t, out.String(), ": no such file\nhint: unset it\n", kind)
		for _, piece := range pieces(key) {
			if strings.Contains(strings.ToLower(out.String()), piece) {
				assert.Fail(t, "a part of the key is shown", "%s: %s", kind, out.String())
				break
			}
		}
	}
}

// TestWriterShowsPrompts proves that a prompt without a line break is not kept back.
func TestWriterShowsPrompts(t *testing.T) {
	t.Parallel()
	for _, prompt := range []string{"passphrase of /home/me/keys.txt: ", "rekey 3 files? [y/N] ", "PIN of A", "[1: yes, 2: no] ", "50 %", "Enter PIN (1a2b)"} {
		var out strings.Builder
		_, err := privatekey.NewWriter(&out).Write([]byte(prompt))
		require.NoError(t, err)
		assert.Equal(t, prompt, out.String())
	}
}

func FuzzHide(f *testing.F) {
	for _, s := range []string{"", "a", "-----BEGIN X-----\nabc\n-----END X-----", "AGE-SECRET-KEY-1QQQQ QQQQ", "-----END ", "AGE-PLUGIN-A-1qqqqqqq", "SECRET-KEY-PQ-1QQQQQQQQQ"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, at int) {
		hidden := privatekey.Hide(s)
		if privatekey.In(hidden) && !strings.Contains(s, privatekey.Hidden) {
			t.Errorf("%q in %q still holds a key", hidden, s)
		}
		var out strings.Builder
		w := privatekey.NewWriter(&out)
		if at < 0 || at > len(s) {
			at = len(s) / 2
		}
		for _, p := range []string{s[:at], s[at:]} {
			if _, err := w.Write([]byte(p)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if privatekey.In(s) && len(out.String()) == 0 {
			t.Errorf("%q vanished", s)
		}
	})
}

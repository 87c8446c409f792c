package envfile_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

func rescue(t *testing.T, f envfile.Format, text string) *envfile.Rescue {
	t.Helper()
	s, err := envfile.ParseSealed(f, []byte(text))
	require.NoError(t, err, text)
	r, err := s.Rescue(t.Context(), alice)
	require.NoError(t, err)
	return r
}

func pathsOf(fields []envfile.Field) []string {
	paths := []string{}
	for _, f := range fields {
		paths = append(paths, f.Path.String())
	}
	return paths
}

// rotated rotates a rescued file and returns its plaintext.
func rotated(t *testing.T, r *envfile.Rescue, rules envfile.Rules) string {
	t.Helper()
	s, err := r.Rotate(t.Context(), rules, sealedTo(alice))
	require.NoError(t, err)
	again, err := envfile.ParseSealed(s.Format(), s.Bytes())
	require.NoError(t, err)
	o, err := again.Open(t.Context(), alice)
	require.NoError(t, err)
	assert.NotEqual(t, r.DataKey().Bytes(), o.DataKey().Bytes())
	plain, err := o.Text()
	require.NoError(t, err)
	return string(plain)
}

const toRescue = `# CANARY remark
a: CANARY-1
empty: ""
nothing: null
map: {}
n_unencrypted: seen
l:
    - CANARY-2
    - x: CANARY-3
`

func TestRescue(t *testing.T) {
	t.Parallel()
	good := string(seal(t, toRescue, envfile.Rules{}).Bytes())
	value := func(key string) string {
		return encForm.FindString(good[strings.Index(good, "\n"+key+": ")+1:])
	}
	items := encForm.FindAllString(good[strings.Index(good, "\nl:"):], 2)
	foreign := string(seal(t, toRescue, envfile.Rules{}).Bytes())
	for name, c := range map[string]struct {
		text        string
		lost, added []string
		authentic   bool
		plain       string // after Rotate
	}{
		"not changed": {good, nil, nil, true, toRescue},
		"an unencrypted value changed": {
			strings.Replace(good, ": seen", ": changed", 1), nil, nil, false,
			strings.Replace(toRescue, ": seen", ": changed", 1),
		},
		"a value of another file": {
			strings.Replace(good, value("a"), encForm.FindString(foreign[strings.Index(foreign, "\na: "):]), 1), []string{"a"}, nil, false,
			strings.Replace(toRescue, "a: CANARY-1\n", "", 1),
		},
		"an item of another file": {
			strings.Replace(good, items[1], encForm.FindAllString(foreign[strings.Index(foreign, "\nl:"):], 2)[1], 1), []string{"l[1].x"}, nil, false,
			strings.Replace(toRescue, "    - x: CANARY-3\n", "    - {}\n", 1),
		},
		"a value replaced":       {strings.Replace(good, value("a"), "hunter2", 1), nil, []string{"a"}, false, strings.Replace(toRescue, "CANARY-1", "hunter2", 1)},
		"a value added":          {strings.Replace(good, "\nempty:", "\nnew: hunter2\nempty:", 1), nil, []string{"new"}, true, strings.Replace(toRescue, "\nempty:", "\nnew: hunter2\nempty:", 1)},
		"a map added":            {strings.Replace(good, "\nempty:", "\nnew:\n    a:\n        b: 5\nempty:", 1), nil, []string{"new.a.b"}, true, strings.Replace(toRescue, "\nempty:", "\nnew:\n    a:\n        b: 5\nempty:", 1)},
		"an item added":          {strings.Replace(good, "\nl:\n", "\nl:\n    - hunter2\n", 1), nil, []string{"l[0]"}, true, strings.Replace(toRescue, "\nl:\n", "\nl:\n    - hunter2\n", 1)},
		"an empty value filled":  {strings.Replace(good, `empty: ""`, "empty: hunter2", 1), nil, []string{"empty"}, true, strings.Replace(toRescue, `empty: ""`, "empty: hunter2", 1)},
		"a null filled":          {strings.Replace(good, "nothing: null", "nothing: true", 1), nil, []string{"nothing"}, true, strings.Replace(toRescue, "nothing: null", "nothing: true", 1)},
		"an empty map filled":    {strings.Replace(good, "map: {}", "map: {a: hunter2}", 1), nil, []string{"map.a"}, true, strings.Replace(toRescue, "map: {}", "map: {a: hunter2}", 1)},
		"the mac removed":        {regexp.MustCompile(`(?m)^ +mac: .*\n`).ReplaceAllString(good, ""), nil, nil, false, toRescue},
		"lastmodified changed":   {regexp.MustCompile(`lastmodified: "20..`).ReplaceAllString(good, `lastmodified: "2001`), nil, nil, false, toRescue},
		"a comment of elsewhere": {strings.Replace(good, encForm.FindString(good), encForm.FindString(foreign), 1), nil, nil, false, strings.Replace(toRescue, " CANARY remark", " (lost: this comment could not be decrypted)", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			r := rescue(t, envfile.YAML, c.text)
			assert.Equal(t, append([]string{}, c.lost...), pathsOf(r.Lost))
			assert.Equal(t, append([]string{}, c.added...), pathsOf(r.Added))
			assert.Equal(t, c.authentic, r.Authentic(), "%v %v", r.MAC, r.Binding)
			assert.Equal(t, []string{"n_unencrypted"}, pathsOf(r.Unencrypted))
			assert.Equal(t, c.plain, rotated(t, r, envfile.Rules{}))
			for _, text := range []string{fmt.Sprint(r), fmt.Sprintf("%+v", r), fmt.Sprintf("%#v", r)} {
				assert.NotContains(t, text, "CANARY")
			}
			s, err := r.EncryptAdded()
			if !c.authentic {
				require.ErrorIs(t, err, envfile.ErrNotRescued)
				return
			}
			require.NoError(t, err)
			o := open(t, s)
			plain, err := o.Text()
			require.NoError(t, err)
			assert.Equal(t, c.plain, string(plain))
			assert.NotContains(t, string(s.Bytes()), "hunter2")
			assert.Contains(t, string(s.Bytes()), value("a"), "values that did not change keep their ciphertext")
		})
	}
}

// Without a binding, in each format.
func TestRescueOfEachFormat(t *testing.T) {
	t.Parallel()
	for f, c := range map[envfile.Format]struct{ plain, added, with string }{
		envfile.YAML:   {"a: x\nb: y\n", "a: x\nnew: hunter2\nb: y\n", "new: hunter2\n"},
		envfile.JSON:   {"{\n  \"a\": \"x\",\n  \"b\": \"y\"\n}\n", "{\n  \"new\": \"hunter2\",\n  \"a\": \"x\",\n  \"b\": \"y\"\n}\n", "\"new\": \"hunter2\",\n  "},
		envfile.Dotenv: {"a=x\nb=y\n", "new=hunter2\na=x\nb=y\n", "new=hunter2\n"},
		envfile.INI:    {"[s]\na = x\nb = y\n", "[s]\nnew = hunter2\na = x\nb = y\n", "new = hunter2\n"},
		envfile.TOML:   {"a = \"x\"\nb = \"y\"\n", "new = \"hunter2\"\na = \"x\"\nb = \"y\"\n", "new = \"hunter2\"\n"},
	} {
		t.Run(f.Name(), func(t *testing.T) {
			d, err := envfile.Parse(f, []byte(c.plain))
			require.NoError(t, err)
			s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
			require.NoError(t, err)
			text := string(s.Bytes())
			at := regexp.MustCompile(`"?a"?\s*[:=]`).FindStringIndex(text)[0]
			r := rescue(t, f, text[:at]+c.with+text[at:])
			require.True(t, r.Authentic(), "%v %v", r.MAC, r.Binding)
			assert.Len(t, r.Added, 1)
			assert.Len(t, r.Verified, 2)
			s, err = r.EncryptAdded()
			require.NoError(t, err)
			assert.NotContains(t, string(s.Bytes()), "hunter2")
			again, err := envfile.ParseSealed(f, s.Bytes())
			require.NoError(t, err)
			o, err := again.Open(t.Context(), alice)
			require.NoError(t, err)
			plain, err := o.Text()
			require.NoError(t, err)
			assert.Contains(t, string(plain), "hunter2")

			// A value of another file is lost.
			other, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
			require.NoError(t, err)
			r = rescue(t, f, strings.Replace(text, encForm.FindString(text), encForm.FindString(string(other.Bytes())), 1))
			assert.False(t, r.Authentic())
			require.Len(t, r.Lost, 1)
			left := rotated(t, r, envfile.Rules{})
			assert.NotContains(t, left, "x")
			assert.Contains(t, left, "y")
		})
	}
}

func TestRescueOfSeveralDocuments(t *testing.T) {
	t.Parallel()
	const plain = "a: one\n---\nb: two\nc: three\n"
	good := string(seal(t, plain, envfile.Rules{}).Bytes())
	foreign := string(seal(t, plain, envfile.Rules{}).Bytes())
	second := func(text string) string { return encForm.FindString(text[strings.Index(text, "\nb: "):]) }
	r := rescue(t, envfile.YAML, strings.Replace(good, second(good), second(foreign), 1))
	require.Len(t, r.Lost, 1)
	assert.Equal(t, 1, r.Lost[0].Document)
	assert.Equal(t, "a: one\n---\nc: three\n", rotated(t, r, envfile.Rules{}))
}

// sops encrypts a comment in a list as an item. Rules that match comments then no longer select the
// value below it, so sops cannot decrypt its own file.
func TestRescueOfAFileThatSopsBroke(t *testing.T) {
	t.Parallel()
	rules := envfile.Rules{EncryptedCommentRegex: "seal-this"}
	const plain = "items:\n    # seal-this\n    # follow-up\n    - alpha\n"
	good := string(seal(t, plain, rules).Bytes())
	encs := encForm.FindAllString(good, 2)
	broken := strings.Replace(unbound(t, good), "#"+encs[0], "- "+encs[0], 1)
	broken = strings.Replace(broken, "# "+encs[0], "- "+encs[0], 1)
	require.NotEqual(t, unbound(t, good), broken)
	require.ErrorIs(t, openErr(broken), envfile.ErrMAC)
	r := rescue(t, envfile.YAML, broken)
	assert.Empty(t, r.Lost)
	assert.NoError(t, r.MAC, "the MAC covers the plaintext")
	assert.Equal(t, plain, rotated(t, r, rules))
}

func TestRescueWithoutAKey(t *testing.T) {
	t.Parallel()
	s := seal(t, toRescue, envfile.Rules{})
	_, err := s.Rescue(t.Context(), bob)
	var none *keys.NoIdentityError
	require.True(t, errors.As(err, &none))
}

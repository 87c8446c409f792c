package interop

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
)

// sops writes an empty list and its comment as a list whose only item is the
// encrypted comment. Decrypted, the list is empty again, as for sops.
func TestEmptyListWithComment(t *testing.T) {
	for text, want := range map[string]string{
		"owners: [] # nobody yet\nb: 1\n":            "owners: []\n    # nobody yet\nb: 1\n",
		"sites:\n  - name: x\n    tags: [] # none\n": "sites:\n    - name: x\n      tags: []\n        # none\n",
		"b: 1\ne: [] # end":                          "b: 1\ne: []\n    # end\n",
		"a: [] # one\n# two\nb: x\n":                 "a: []\n    # one\n# two\nb: x\n",
		"a: &x [] # one\nb: w\n":                     "a: []\n    # one\nb: w\n",
		"l:\n  - [] # in list\n  - x\n":              "l:\n    # in list\n    - []\n    - x\n",
		"a: 1\n---\nb: [] # second document\n":       "a: 1\n---\nb: []\n    # second document\n",
	} {
		theirs, err := sopsSealAs(envfile.YAML, []byte(text), envfile.Rules{})
		require.NoError(t, err, text)
		o := mustOpenAs(t, envfile.YAML, theirs)
		got, err := o.Text()
		require.NoError(t, err, "%s", theirs)
		assert.Equal(t, want, string(got))

		// A file that a formatter or an editor has changed.
		flat := string(theirs)
		if !strings.Contains(text, "\n  -") { // of one level
			flat = strings.ReplaceAll(flat, "\n    - ", "\n- ")
		}
		for _, changed := range []string{
			flat,
			strings.ReplaceAll(string(theirs), "\n", "\r\n"),
			strings.ReplaceAll(string(theirs), ":\n    - ENC", ": # added\n\n    # too\n    - ENC"),
			strings.ReplaceAll(string(theirs), ":\n    - ENC", ": !!seq\n    - ENC"),
			strings.ReplaceAll(string(theirs), ":\n    - ENC", ": &anchor\n    - ENC"),
		} {
			o := mustOpenAs(t, envfile.YAML, []byte(changed))
			got, err := o.Text()
			require.NoError(t, err, "%s", changed)
			for _, line := range strings.Split(want, "\n") {
				assert.Contains(t, string(got), strings.TrimSpace(strings.TrimSuffix(line, "[]")), changed)
			}

			// sops decrypts the files that sealcfg writes afterwards.
			d, err := o.Document()
			require.NoError(t, err)
			again, err := o.Reseal(d)
			require.NoError(t, err)
			assert.Equal(t, sopsPlaces(t, envfile.YAML, mustSopsOpenAs(t, envfile.YAML, theirs).branches),
				sopsPlaces(t, envfile.YAML, mustSopsOpenAs(t, envfile.YAML, again.Bytes()).branches))
		}
	}
}

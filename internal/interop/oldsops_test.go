package interop

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
)

// oldSops lists older sops programs: .ci/sops-versions.sh builds them.
func oldSops(t *testing.T) []string {
	t.Helper()
	paths := filepath.SplitList(os.Getenv("SEALCFG_TEST_SOPS_OLD"))
	if len(paths) == 0 {
		servicetest.Missing(t, "a list of older sops programs in $SEALCFG_TEST_SOPS_OLD, from .ci/sops-versions.sh,")
	}
	return paths
}

// hasTimes reports whether a file has values of the type time, which came with sops 3.10.
func hasTimes(shape []string) bool {
	for _, line := range shape {
		if strings.Contains(line, " time ") {
			return true
		}
	}
	return false
}

// Older versions of sops read and change our files, and we read the result. We also
// read their own files, whose metadata has another order and empty lists.
func TestOldSops(t *testing.T) {
	for _, program := range oldSops(t) {
		version := filepath.Base(filepath.Dir(program))
		for name, text := range texts(t, "in") {
			format := formatOf(name)
			d, s, err := sealAs(format, []byte(text), envfile.Rules{})
			if err != nil {
				continue // see TestVerdicts
			}
			t.Run(version+"/"+name, func(t *testing.T) {
				f := newFolder(t)
				f.sops = program
				file := "a" + filepath.Ext(name)
				want := oursShape(d.Roots())
				if strings.HasPrefix(version, "sops-3.9.") && hasTimes(want) {
					f.write(file, string(s.Bytes()))
					_, stderr, code := f.try("decrypt", file)
					assert.NotZero(t, code)
					assert.Contains(t, stderr, "Unknown datatype: time")
					return
				}
				f.oldReads(t, format, file, s, d)
				f.run("rotate", "-i", file)
				o := mustOpenAs(t, format, f.read(file))
				assert.Equal(t, want, oursShape(o.Roots()), "rotated by the old program")

				f.write(file, text)
				f.run("encrypt", "-i", file)
				theirs := f.read(file)
				plain := mustSopsOpenAs(t, format, theirs)
				o = mustOpenAs(t, format, theirs)
				assert.Equal(t, sopsPlaces(t, format, plain.branches), oursPlaces(format, o.Roots()), "sealed by the old program")
				doc, err := o.Document()
				require.NoError(t, err)
				again, err := o.Reseal(doc)
				require.NoError(t, err)
				f.oldReads(t, format, file, again, doc)
			})
		}
	}
}

// oldReads decrypts our file with the directory's sops.
func (f *folder) oldReads(t *testing.T, format envfile.Format, file string, s *envfile.Sealed, d *envfile.Document) {
	t.Helper()
	f.write(file, string(s.Bytes()))
	out, err := envfile.Parse(format, []byte(f.run("decrypt", file)))
	require.NoError(t, err)
	assert.Equal(t, printable(format, d), printable(format, out))
}

// Key groups, and the selectors, in older sops programs.
func TestOldSopsKeyGroups(t *testing.T) {
	members := threeMembers(t)
	for _, program := range oldSops(t) {
		for name, text := range groupSamples {
			t.Run(filepath.Base(filepath.Dir(program))+"/"+name, func(t *testing.T) {
				format := formatOf(name)
				d, err := envfile.Parse(format, []byte(text))
				require.NoError(t, err)
				s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, groupsOf(2, members...))
				require.NoError(t, err)
				f := newFolder(t)
				f.sops = program
				f.write(name, string(s.Bytes()))
				opens(t, f, name, format, members, 2)
				old := strings.Contains(program, "sops-3.9.")
				if old && format == envfile.Dotenv {
					return // it crashes when it writes key groups, also in its own files
				}
				f.env = []string{"SOPS_AGE_KEY=" + members[0].secret + "\n" + members[2].secret}
				f.run("rotate", "-i", name)
				if old && format == envfile.INI { // it cannot read the threshold that it wrote; we can
					s, err = envfile.ParseSealed(format, f.read(name))
					require.NoError(t, err)
					_, err = s.Open(context.Background(), members[1].id, members[2].id)
					require.NoError(t, err)
					return
				}
				opens(t, f, name, format, members, 2)
			})
		}
		for _, r := range someRules() {
			t.Run(filepath.Base(filepath.Dir(program))+"/"+r.String(), func(t *testing.T) {
				text := strings.Replace(selectable, "b: 2024-01-31", "b: 2024", 1) // no time
				d, s, err := seal([]byte(text), r)
				require.NoError(t, err)
				f := newFolder(t)
				f.sops = program
				f.oldReads(t, envfile.YAML, "a.yaml", s, d)
			})
		}
	}
}

// oldStyles turn a file of today into the shapes that sops 3.3 to 3.9 wrote.
var oldStyles = map[string][]struct{ from, to string }{
	"a.yaml": {
		{"\nsops:\n", "\nsops:\n    kms: []\n    gcp_kms: []\n    azure_kv: []\n    hc_vault: []\n"},
		{"    lastmodified: \"", "    created_at: '2019-08-29T22:22:04Z'\n    pgp: []\n    lastmodified: \""},
		{"    unencrypted_suffix: _unencrypted\n", ""},
		{"version: 3.13.3", "version: 3.3.0"},
	},
	"a.json": {
		{"\"sops\": {", "\"sops\": {\n\t\t\"kms\": null,\n\t\t\"gcp_kms\": null,\n\t\t\"azure_kv\": [],\n\t\t\"hc_vault\": null,\n\t\t\"pgp\": null,"},
		{",\n\t\t\"unencrypted_suffix\": \"_unencrypted\"", ""},
		{"\"version\": \"3.13.3\"", "\"version\": \"3.5.0\""},
	},
	"a.env": {
		{"sops_unencrypted_suffix=_unencrypted\n", "sops_mac_only_encrypted=false\nsops_shamir_threshold=0\n"},
		{"sops_version=3.13.3", "sops_version=3.7.3"},
	},
	"a.ini": {
		{"unencrypted_suffix         = _unencrypted\n", "shamir_threshold           = 0\nmac_only_encrypted         = false\n"},
		{"= 3.13.3", "= 3.4.0"},
	},
}

func TestOldStyles(t *testing.T) {
	for name, changes := range oldStyles {
		t.Run(name, func(t *testing.T) {
			format := formatOf(name)
			theirs, err := sopsSealAs(format, []byte(groupSamples[name]), envfile.Rules{})
			require.NoError(t, err)
			text := string(theirs)
			for _, c := range changes {
				require.Contains(t, text, c.from)
				text = strings.Replace(text, c.from, c.to, 1)
			}
			want := mustSopsOpenAs(t, format, []byte(text))
			o := mustOpenAs(t, format, []byte(text))
			assert.Equal(t, sopsPlaces(t, format, want.branches), oursPlaces(format, o.Roots()))

			d, err := o.Document()
			require.NoError(t, err)
			again, err := o.Reseal(d)
			require.NoError(t, err)
			rewrapped, err := o.Rewrap(context.Background(), demo.to)
			require.NoError(t, err)
			for _, s := range []*envfile.Sealed{again, rewrapped} {
				got := mustSopsOpenAs(t, format, s.Bytes())
				assert.Equal(t, sopsPlaces(t, format, want.branches), sopsPlaces(t, format, got.branches))
			}
		})
	}
}

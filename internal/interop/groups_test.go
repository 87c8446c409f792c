package interop

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

// member is a demo identity, made for these tests. It protects no data.
type member struct {
	secret    string
	id        keys.Identity
	recipient string
}

func threeMembers(t *testing.T) []member {
	var all []member
	for _, secret := range []string{
		"AGE-SECRET-KEY-15205YUFKQDP4J4XXY84FVGZNJ7CDKHZ096SZ2NAP2QF7M5Q9VZ7QPU7KDW",
		"AGE-SECRET-KEY-1JRH2RJ2JKY8GM96NWLM57MN05Y5U3TMP8TLMHJWVUJEH8E2V2CVS30WHAK",
		"AGE-SECRET-KEY-1AENPR0G2CCUWR33H9FMYNRSA7QCQQEH7FGK8MEVHPRPRFFS4ME7QG50PPX",
	} {
		id, err := keys.ParseAgeIdentity(secret)
		require.NoError(t, err)
		all = append(all, member{secret, id, id.(keys.Recipienter).Recipient()})
	}
	return all
}

// groupsOf makes a key group of each member.
func groupsOf(threshold int, members ...member) envfile.Recipients {
	to := envfile.Recipients{Threshold: threshold}
	for _, m := range members {
		to.Groups = append(to.Groups, recipients(m.recipient).Groups...)
	}
	return to
}

// opens checks for every set of members whether we decrypt a file with it, and for
// some sets whether sops agrees.
func opens(t *testing.T, f *folder, file string, format envfile.Format, members []member, threshold int) {
	t.Helper()
	text := f.read(file)
	for set := 1; set < 1<<len(members); set++ {
		var ids []keys.Identity
		var secrets []string
		for i, m := range members {
			if set&(1<<i) != 0 {
				ids, secrets = append(ids, m.id), append(secrets, m.secret)
			}
		}
		s, err := envfile.ParseSealed(format, text)
		require.NoError(t, err)
		_, err = s.Open(context.Background(), ids...)
		assert.Equal(t, len(ids) >= threshold, err == nil, "we, with %d: %v", len(ids), err)
		if set != 1 && set != 3 && set != 6 { // one alone, two, two others
			continue
		}
		f.env = []string{"SOPS_AGE_KEY=" + strings.Join(secrets, "\n")}
		_, stderr, code := f.try("decrypt", file)
		assert.Equal(t, len(ids) >= threshold, code == 0, "sops, with %d: %s", len(ids), stderr)
	}
}

// groupSamples are small files, one for each format.
var groupSamples = map[string]string{
	"a.yaml": "a: x # c\nl: [1, 2]\n", "a.json": "{\"a\": \"x\", \"l\": [1, 2]}\n", "a.env": "A=x\n#c\nB=y\n", "a.ini": "[a]\nk = v\n", "a.bin": "\x00\xff\n",
}

func groupsPolicy(threshold int, members []member) string {
	text := fmt.Sprintf("creation_rules:\n  - shamir_threshold: %d\n    key_groups:\n", threshold)
	for _, m := range members {
		text += "      - age: [" + m.recipient + "]\n"
	}
	return text
}

// Three key groups with threshold two. Both programs decrypt the file with each
// pair, and with no single member, after either program encrypted, rotated or
// rekeyed it.
func TestKeyGroupsBothWays(t *testing.T) {
	ctx := context.Background()
	members := threeMembers(t)
	for name, text := range groupSamples {
		t.Run(name, func(t *testing.T) {
			format := formatOf(name)
			f := newFolder(t)
			d, err := envfile.Parse(format, []byte(text))
			require.NoError(t, err)
			s, _, err := envfile.Seal(ctx, d, envfile.Rules{}, groupsOf(2, members...))
			require.NoError(t, err)
			f.write(name, string(s.Bytes()))
			opens(t, f, name, format, members, 2)

			f.env = []string{"SOPS_AGE_KEY=" + members[0].secret + "\n" + members[2].secret}
			f.run("rotate", "-i", name)
			opens(t, f, name, format, members, 2)

			// To two groups, and back to three.
			for _, now := range [][]member{members[1:], members} {
				f.write(".sops.yaml", groupsPolicy(2, now))
				f.env = []string{"SOPS_AGE_KEY=" + members[1].secret + "\n" + members[2].secret}
				f.run("updatekeys", "-y", name)
				opens(t, f, name, format, now, 2)
			}

			f.write("theirs-"+name, text)
			f.run("encrypt", "-i", "theirs-"+name)
			opens(t, f, "theirs-"+name, format, members, 2)
			theirs, err := envfile.ParseSealed(format, f.read("theirs-"+name))
			require.NoError(t, err)
			o, err := theirs.Open(ctx, members[0].id, members[1].id)
			require.NoError(t, err)
			assert.Equal(t, oursShape(d.Roots()), oursShape(o.Roots()))
			for _, do := range []func() (*envfile.Sealed, error){
				func() (*envfile.Sealed, error) { return o.Reseal(d) },
				func() (*envfile.Sealed, error) { return o.Rewrap(ctx, groupsOf(2, members...)) },
				func() (*envfile.Sealed, error) { return o.Rotate(ctx, envfile.Rules{}, groupsOf(2, members...)) },
			} {
				s, err := do()
				require.NoError(t, err)
				f.write(name, string(s.Bytes()))
				opens(t, f, name, format, members, 2)
			}
		})
	}
}

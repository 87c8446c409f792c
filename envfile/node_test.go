package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

func TestNodes(t *testing.T) {
	d := parse(t, "# c\na: 1 # one\nm:\n  b: \"x\"\n  l:\n    # in\n    - true\n    - {c: 2.50}\n    - &n null\n"+
		"shared_unencrypted: &s {d: y}\nagain_unencrypted: *s\nmerged_unencrypted:\n  <<: *s\n")
	root := d.Roots()[0]
	assert.Equal(t, envfile.Map, root.Kind)
	assert.Equal(t, 5, root.Len())

	a := root.Get("a")
	assert.Equal(t, envfile.Value, a.Kind)
	assert.Equal(t, crypto.Int, a.Type)
	assert.Equal(t, "1", a.Text)
	assert.Equal(t, "one", a.Remark)
	assert.Equal(t, []int{2, 4, 2, 1}, []int{a.Line, a.Column, a.KeyLine, a.KeyColumn})
	assert.False(t, a.Quoted)

	l := root.At(path(t, "m.l"))
	assert.Equal(t, envfile.List, l.Kind)
	assert.Equal(t, 3, l.Len(), "comments do not count")
	assert.Equal(t, "True", l.Index(0).Text)
	assert.Equal(t, "2.5", l.Index(1).Get("c").Text)
	assert.Equal(t, envfile.Null, l.Index(2).Kind)
	assert.Equal(t, "n", l.Index(2).Anchor)
	assert.True(t, root.At(path(t, "m.b")).Quoted)

	assert.Nil(t, l.Index(3))
	assert.Nil(t, l.Index(-1))
	assert.Nil(t, l.Get("x"))
	assert.Nil(t, root.Get("none"))
	assert.Nil(t, root.At(path(t, "m.none.deeper")))
	assert.Nil(t, root.At(path(t, "a.b")))

	again := root.Get("again_unencrypted")
	assert.Equal(t, "s", again.Alias)
	assert.Equal(t, "y", again.Get("d").Text)
	assert.Equal(t, 11, again.Get("d").Line, "an alias stands where it is written")
	assert.Equal(t, "y", root.At(path(t, "merged_unencrypted.<<.d")).Text)
}

func TestLeaves(t *testing.T) {
	root := parse(t, "a: 1\nl: [x, {b: null}]\ne: {}\n").Roots()[0]
	var got []string
	for p := range root.Leaves() {
		got = append(got, p.String())
	}
	assert.Equal(t, []string{"a", "l[0]", "l[1].b"}, got)
	for p := range root.Leaves() {
		assert.Equal(t, "a", p.String())
		break // must not go on
	}
}

// Values of a decrypted file have the positions of the encrypted file.
func TestOpenedPositions(t *testing.T) {
	s := seal(t, "a: \"x\"\nl:\n  - 1\n  - y\nc_unencrypted: z\n", envfile.Rules{})
	o := open(t, s)
	for p, n := range s.Roots()[0].Leaves() {
		plain := o.Roots()[0].At(p)
		require.NotNil(t, plain)
		assert.Equal(t, []int{n.Line, n.Column, n.KeyLine}, []int{plain.Line, plain.Column, plain.KeyLine})
		assert.Equal(t, p.String() != "c_unencrypted", plain.Sealed)
	}
	assert.Equal(t, "1", o.Roots()[0].At(path(t, "l[0]")).Text)
	assert.Equal(t, crypto.Int, o.Roots()[0].At(path(t, "l[0]")).Type)
	assert.Regexp(t, `^ENC\[`, s.Roots()[0].Get("a").Text)
}

package settings_test

import (
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

type (
	s3 struct {
		Bucket string
		Region string `default:"eu-west-1" alias:"zone"`
		Keys   struct{ ID, Secret sealcfg.Secret[string] }
	}
	disk struct {
		Path   string `min:"1"`
		Bucket int    `cfg:",optional"`
		Quota  int    `cfg:",optional" deprecated:"the system limits it"`
	}
	memory  struct{}
	storage struct {
		Kind   string
		Name   string  `default:"main"`
		S3     *s3     `kind:"s3"`
		Disk   *disk   `kind:"disk"`
		Memory *memory `kind:"memory"`
	}
	stored struct{ Storage storage }
)

func (d *disk) Validate() error {
	if d.Path == "/" {
		return errors.New("not the root")
	}
	return nil
}

func TestUnion(t *testing.T) {
	got, err := loadYAML[stored](t, "storage: {kind: s3, bucket: b, keys: {id: i, secret: s}, name: n}")
	require.NoError(t, err)
	assert.Nil(t, got.Storage.Disk)
	assert.Nil(t, got.Storage.Memory)
	assert.Equal(t, "n", got.Storage.Name)
	assert.Equal(t, "b", got.Storage.S3.Bucket)
	assert.Equal(t, "eu-west-1", got.Storage.S3.Region)
	assert.Equal(t, "s", got.Storage.S3.Keys.Secret.Expose())

	got, err = loadYAML[stored](t, "storage: {kind: memory}")
	require.NoError(t, err)
	assert.Equal(t, storage{Kind: "memory", Name: "main", Memory: &memory{}}, got.Storage)

	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"unknown kind": {"kind: canary\n  bucket: 5\n  buckett: x", []string{
			"storage.kind environments/prod.yaml:2:9 must be one of s3, disk, memory",
			`storage.buckett environments/prod.yaml:4:3 unknown key`}},
		"no kind":             {"path: /a", []string{"storage.kind not set set storage.kind in environments/prod.yaml or $APP_STORAGE__KIND"}},
		"kind of a wrong one": {"kind: 1\n  path: a\n  nam: b", []string{"storage.kind environments/prod.yaml:2:9 expected string, got an encrypted int; add quotes if it is a string", `storage.nam environments/prod.yaml:4:3 unknown key; did you mean "name"?`}},
		"unknown key":         {"kind: disk\n  path: /a\n  pathh: b\n  nam: c", []string{`storage.pathh environments/prod.yaml:4:3 unknown key; did you mean "path"?`, `storage.nam environments/prod.yaml:5:3 unknown key; did you mean "name"?`}},
		"of another variant":  {"kind: disk\n  path: /a\n  region: b", []string{"storage.region environments/prod.yaml:4:3 unknown key"}},
		"missing":             {"kind: s3\n  bucket: b\n  keys: {id: x}", []string{"storage.keys.secret not set set storage.keys.secret in environments/prod.yaml or $APP_STORAGE__KEYS__SECRET"}},
		"type":                {"kind: disk\n  path: /a\n  bucket: b", []string{"storage.bucket environments/prod.yaml:4:11 expected int, got an encrypted string; remove the quotes"}},
		"check":               {`kind: disk` + "\n  path: ''", []string{"storage.path environments/prod.yaml:3:9 must be at least 1 character long"}},
		"validate":            {"kind: disk\n  path: /", []string{"storage environments/prod.yaml:2:3 not the root"}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, problems[stored](t, "storage:\n  "+c.yaml)) })
	}
}

func TestUnionFromOtherSources(t *testing.T) {
	got, err := loadYAML[stored](t, "storage: {kind: s3, bucket: b, keys: {id: i, secret: s}}", "APP_STORAGE__BUCKET=c", "APP_STORAGE__KEYS__SECRET=t")
	require.NoError(t, err)
	assert.Equal(t, "c", got.Storage.S3.Bucket)
	assert.Equal(t, "t", got.Storage.S3.Keys.Secret.Expose())

	// The kind may come last. A name that two variants have belongs to the chosen variant.
	got, err = fromVariables[stored](t, "APP_STORAGE__BUCKET=7", "APP_STORAGE__KIND=disk", "APP_STORAGE__PATH=/a")
	require.NoError(t, err)
	assert.Equal(t, &disk{Path: "/a", Bucket: 7}, got.Storage.Disk)
	got, err = fromVariables[stored](t, `APP_STORAGE={"kind": "disk", "path": "/b"}`)
	require.NoError(t, err)
	assert.Equal(t, &disk{Path: "/b"}, got.Storage.Disk)

	l := sealcfg.New[stored](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.Set("storage.kind", "disk"))
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	require.NoError(t, sealcfg.Flags(l, fs.Var))
	require.NoError(t, fs.Parse([]string{"--storage.path=/c", "--storage.bucket", "3"}))
	h, err := l.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &disk{Path: "/c", Bucket: 3}, h.Get().Storage.Disk)
	assert.Equal(t, "--storage.path", h.Origins().Of("storage.path").String())
}

func TestOldNamesInUnions(t *testing.T) {
	var warned []string
	warn := sealcfg.OnWarning(func(p *sealcfg.Problem) { warned = append(warned, p.Error()) })
	load := func(yaml string) (*stored, error) {
		warned = nil
		return sealcfg.Load[stored](t.Context(), append(options(t, files(t, "prod", "storage:\n  "+yaml)), warn)...)
	}
	got, err := load("kind: s3\n  bucket: b\n  zone: us\n  keys: {id: i, secret: s}")
	require.NoError(t, err)
	assert.Equal(t, "us", got.Storage.S3.Region)
	assert.Equal(t, []string{`storage.region: environments/prod.yaml:4:3: the name "zone" is deprecated; write region`}, warned)

	_, err = load("kind: disk\n  path: /a\n  quota: 3")
	require.NoError(t, err)
	assert.Equal(t, []string{"storage.quota: environments/prod.yaml:4:3: is deprecated; the system limits it"}, warned)

	_, err = load("kind: disk\n  path: /a\n  zone: x")
	assert.Equal(t, []string{"storage.zone environments/prod.yaml:4:3 unknown key"}, problemsOf(t, err), "it is no old name of this variant")
	assert.Empty(t, warned)
}

func TestReloadOfUnions(t *testing.T) {
	fsys := files(t, "prod", "storage: {kind: s3, bucket: b, keys: {id: i, secret: s}}")
	h, err := sealcfg.New[stored](options(t, fsys)...).Load(t.Context())
	require.NoError(t, err)
	for _, c := range []struct{ yaml, changed string }{
		{"storage: {kind: s3, bucket: c, keys: {id: i, secret: t}}", "storage.bucket storage.keys.secret"},
		{"storage: {kind: disk, path: /a}", "storage.kind storage.bucket storage.region storage.keys storage.path storage.quota"},
		{"storage: {kind: disk, path: /a}", ""},
		{"storage: {kind: memory}", "storage.kind storage.path storage.bucket storage.quota"},
	} {
		fsys["environments/prod.yaml"].Data = seal(t, c.yaml)
		changed, err := h.Reload(t.Context())
		require.NoError(t, err)
		assert.Equal(t, c.changed, strings.Join(changed, " "))
	}
}

type expression struct {
	Kind string
	Not  *struct{ Operand *expression }   `kind:"not"`
	And  *struct{ Operands []expression } `kind:"and"`
	Is   *struct{ Value bool }            `kind:"is"`
}

func TestUnionThatContainsItself(t *testing.T) {
	got, err := loadYAML[struct{ E expression }](t, "e: {kind: and, operands: [{kind: is, value: true}, {kind: not, operand: {kind: is, value: false}}]}")
	require.NoError(t, err)
	assert.False(t, got.E.And.Operands[1].Not.Operand.Is.Value)
}

type (
	Store      storage
	defaultOne struct {
		Kind string  `default:"memory"`
		M    *memory `kind:"memory"`
		D    *disk   `kind:"disk"`
	}
)

func TestUnionsThatNeedNotBeSet(t *testing.T) {
	type settings struct {
		Store
		A storage `cfg:",optional"`
		B *storage
		C defaultOne
		D defaultOne `cfg:",optional"`
	}
	got, err := loadYAML[settings](t, "kind: disk\npath: /a\n")
	require.NoError(t, err)
	assert.Equal(t, "/a", got.Disk.Path, "an embedded union stands in the struct around it")
	assert.Equal(t, storage{Name: "main"}, got.A)
	assert.Nil(t, got.B)
	assert.Equal(t, defaultOne{Kind: "memory", M: &memory{}}, got.C)
	assert.Equal(t, defaultOne{Kind: "memory", M: &memory{}}, got.D)

	type maybe struct {
		Kind string `cfg:",optional"`
		D    *disk  `kind:"disk"`
	}
	_, err = loadYAML[maybe](t, "{}")
	require.NoError(t, err)
	assert.Equal(t, []string{"path environments/prod.yaml:1:1 unknown key"}, problems[maybe](t, "path: /a"))
}

func TestUnionsThatAreWrong(t *testing.T) {
	for want, got := range map[string]string{
		"require a string field named kind": typeError[struct {
			D *disk `kind:"disk"`
		}](t),
		"require a string field": typeError[struct {
			Kind int
			D    *disk `kind:"disk"`
		}](t),
		"field D: the variant of a union must be a pointer to a struct": typeError[struct {
			Kind string
			D    disk `kind:"disk"`
		}](t),
		`field E: variant "disk" already exists`: typeError[struct {
			Kind string
			D, E *disk `kind:"disk"`
		}](t),
		`variant "disk": the name "path" is taken by a field of the union`: typeError[struct {
			Kind, Path string
			D          *disk `kind:"disk"`
		}](t),
		`variant "b": "v" has a different type in another variant`: typeError[struct {
			Kind string
			A    *struct{ V int }   `kind:"a"`
			B    *struct{ V []int } `kind:"b"`
		}](t),
		`variant "b" is a union itself`: typeError[struct {
			Kind string
			B    *storage `kind:"b"`
		}](t),
		`variant "b": "v" has a different env tag in another variant`: typeError[struct {
			Kind string
			A    *struct {
				V string `env:"A_V"`
			} `kind:"a"`
			B *struct {
				V string `env:"B_V"`
			} `kind:"b"`
		}](t),
		"cannot have a name, a default or checks": typeError[struct {
			Kind string
			D    *disk `kind:"disk" cfg:"d"`
		}](t),
		"has the tag kind but is not exported": typeError[struct {
			Kind string
			d    *disk `kind:"disk"`
		}](t),
	} {
		assert.Contains(t, got, want)
	}
}

// Another kind replaces the value: no field of the weaker one remains.
func TestKindThatChangesBetweenSources(t *testing.T) {
	type place struct {
		Kind string
		Name string                 `default:"n"`
		A    *struct{ Path string } `kind:"a"`
		B    *struct {
			Path string `default:"mine"`
		} `kind:"b"`
	}
	type settings struct {
		P    place            `cfg:",optional"`
		Map  map[string]place `cfg:",optional"`
		List []place          `cfg:",optional"`
	}
	load := func(base, prod string, environ ...string) (*settings, error) {
		return sealcfg.Load[settings](t.Context(), options(t, files(t, "base", base, "prod", prod), environ...)...)
	}
	const base = "p: {kind: a, path: theirs, name: kept}\nmap: {x: {kind: a, path: theirs}}\nlist: [{kind: a, path: theirs}]"

	got, err := load(base, "p: {kind: b}\nmap: {x: {kind: b}}", "APP_LIST__0__KIND=b")
	require.NoError(t, err)
	assert.Equal(t, "mine", got.P.B.Path)
	assert.Equal(t, "kept", got.P.Name, "it stands beside all kinds")
	assert.Equal(t, "mine", got.Map["x"].B.Path)
	assert.Equal(t, "mine", got.List[0].B.Path)

	got, err = load(base, "p: {kind: a, name: other}")
	require.NoError(t, err)
	assert.Equal(t, "theirs", got.P.A.Path, "the same kind merges")

	got, err = load("p: {path: theirs}", "{}", "APP_P__KIND=b")
	require.NoError(t, err)
	assert.Equal(t, "theirs", got.P.B.Path, "the first that names a kind replaces nothing")

	_, err = load("p: {kind: a, path: theirs, typo: 1}", "p: {kind: b}")
	assert.Equal(t, []string{"p.typo " + problemsOrigin(t, err) + " unknown key"}, problemsOf(t, err), "what no variant has stays a mistake")

	of, err := sealcfg.Load[stored](t.Context(), options(t, files(t, "base", "storage: {kind: s3, bucket: b, keys: {id: i, secret: s}}", "prod", "storage: {kind: disk, path: /a}"))...)
	require.NoError(t, err)
	assert.Equal(t, &disk{Path: "/a"}, of.Storage.Disk)
}

func problemsOrigin(t *testing.T, err error) string {
	t.Helper()
	var e *sealcfg.Error
	require.ErrorAs(t, err, &e)
	return e.Problems[0].Origin.String()
}

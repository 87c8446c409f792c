package settings_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

func sealedFor(t testing.TB, place, plain string) *fstest.MapFile {
	t.Helper()
	d, err := envfile.Parse(envfile.YAML, []byte(plain))
	require.NoError(t, err)
	r, err := keys.ParseAgeRecipient(demoRecipient)
	require.NoError(t, err)
	s, _, err := envfile.Seal(t.Context(), d.WithLocation(place), envfile.Rules{}, envfile.Recipients{Groups: [][]keys.Recipient{{r}}})
	require.NoError(t, err)
	return &fstest.MapFile{Data: s.Bytes()}
}

type boundSettings struct {
	A string
	B string `default:"b"`
}

// The file of dev in place of the file of prod, and the same for each layer.
func TestLoadRefusesTheFileOfAnotherEnvironment(t *testing.T) {
	load := func(fsys fstest.MapFS, more ...sealcfg.Option) error {
		_, err := sealcfg.Load[boundSettings](t.Context(), append(append(options(t, fsys), sealcfg.WithLocal()), more...)...)
		return err
	}
	good := fstest.MapFS{
		"environments/base.yaml":       sealedFor(t, "environment base", "b: x\n"),
		"environments/prod.yaml":       sealedFor(t, "environment prod", "a: x\n"),
		"environments/prod.local.yaml": sealedFor(t, "environment prod.local", "b: y\n"),
	}
	require.NoError(t, load(good, sealcfg.RequireBinding()))
	for file := range good {
		swapped := fstest.MapFS{}
		for name, f := range good {
			swapped[name] = f
		}
		swapped[file] = sealedFor(t, "environment dev", "a: x\n")
		err := load(swapped)
		require.ErrorIs(t, err, envfile.ErrIntegrity)
		var b *envfile.BindingError
		require.ErrorAs(t, err, &b)
		assert.Equal(t, envfile.BindingLocation, b.Tampered)
		assert.Contains(t, err.Error(), file+": integrity check failed: location: encrypted as environment dev, but used as environment ")
	}

	// A file outside of a directory environments is bound to its path.
	good["environments/prod.yaml"] = sealedFor(t, "file config/prod.yaml", "a: x\n")
	require.NoError(t, load(good, sealcfg.RequireBinding()))
	good["environments/prod.yaml"] = sealedFor(t, "file config/dev.yaml", "a: x\n")
	require.ErrorIs(t, load(good), envfile.ErrIntegrity)
}

func TestRequireBinding(t *testing.T) {
	fsys := fstest.MapFS{"environments/prod.yaml": sealedFor(t, "environment prod", "a: x\n")}
	load := func(more ...sealcfg.Option) error {
		_, err := sealcfg.Load[boundSettings](t.Context(), append(options(t, fsys), more...)...)
		return err
	}
	refused := func(what string) {
		t.Helper()
		err := load(sealcfg.RequireBinding())
		var b *envfile.BindingError
		require.ErrorAs(t, err, &b)
		require.ErrorIs(t, err, envfile.ErrIntegrity)
		assert.Equal(t, what, b.Tampered)
	}
	text := string(fsys["environments/prod.yaml"].Data)
	set := func(text string) { fsys["environments/prod.yaml"] = &fstest.MapFile{Data: []byte(text)} }

	set(regexp.MustCompile(`    sealcfg:\n +binding: .*\n +version: 2\n`).ReplaceAllString(text, ""))
	require.NotContains(t, string(fsys["environments/prod.yaml"].Data), "sealcfg")
	require.NoError(t, load(), "as sops writes it")
	refused(envfile.BindingItself)

	fsys["environments/prod.yaml"] = sealedFor(t, "", "a: x\n")
	require.NoError(t, load(), "bound to no place")
	refused(envfile.BindingLocation)

	set(strings.Replace(text, "a: ENC", "b: \"\"\na: ENC", 1))
	require.ErrorIs(t, load(), envfile.ErrIntegrity, "a binding that is there is compared")

	set("a: x\n")
	require.NoError(t, load(sealcfg.AllowPlain("prod"), sealcfg.RequireBinding()))
}

// unboundFile is a file that sops wrote last.
func unboundFile(t testing.TB, plain string) *fstest.MapFile {
	t.Helper()
	block := regexp.MustCompile(`    sealcfg:\n +binding: .*\n +version: \d+\n`)
	text := sealedFor(t, "", plain).Data
	require.Regexp(t, block, string(text))
	return &fstest.MapFile{Data: block.ReplaceAll(text, nil)}
}

// The log of a program must contain the command that adds a binding.
func TestRequiredBindingNamesTheWayBack(t *testing.T) {
	_, err := sealcfg.Load[boundSettings](t.Context(), append(options(t, fstest.MapFS{
		"environments/base.yaml": unboundFile(t, "a: x\n"), "environments/prod.yaml": sealedFor(t, "environment prod", "a: x\n"),
	}), sealcfg.RequireBinding())...)
	require.ErrorIs(t, err, envfile.ErrIntegrity)
	assert.ErrorContains(t, err, "then run: sealcfg rekey --accept-unbound base")

	_, err = sealcfg.Load[boundSettings](t.Context(), append(options(t, nil), sealcfg.WithFS(fstest.MapFS{"conf/prod.yaml": unboundFile(t, "a: x\n")}, "conf"), sealcfg.RequireBinding())...)
	assert.ErrorContains(t, err, "then run: sealcfg rekey --accept-unbound conf/prod.yaml", "no environment has this name")
}

// Some layers with a binding and some without: sops wrote one last, or an attacker
// removed it.
func TestLoadWarnsOfUnboundLayers(t *testing.T) {
	bound := func(layer string) *fstest.MapFile { return sealedFor(t, "environment "+layer, "a: x\n") }
	unbound := unboundFile(t, "a: x\n")
	const base, prod = "environments/base.yaml", "environments/prod.yaml"
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		want []string
	}{
		"all":   {fstest.MapFS{base: bound("base"), prod: bound("prod")}, nil},
		"none":  {fstest.MapFS{base: unbound, prod: unbound}, nil},
		"alone": {fstest.MapFS{prod: unbound}, nil},
		"some": {fstest.MapFS{base: bound("base"), prod: unbound}, []string{
			"environments/prod.yaml: no binding, but environments/base.yaml has one: sops wrote the file last, or someone removed the binding; review the change, then run: sealcfg rekey prod"}},
		"plaintext": {fstest.MapFS{base: {Data: []byte("a: x\n")}, prod: unbound}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			h, err := sealcfg.New[boundSettings](append(options(t, c.fsys), sealcfg.AllowPlain("prod"), sealcfg.OnWarning(func(p *sealcfg.Problem) {
				assert.Equal(t, sealcfg.KindProject, p.Kind)
				got = append(got, p.Error())
			}))...).Load(t.Context())
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			assert.Len(t, h.Warnings(), len(c.want))
		})
	}
}

// The library ignores unknown keys, which newer versions may know, with a warning.
func TestLoadWarnsOfUnknownConfigKeys(t *testing.T) {
	fsys := fstest.MapFS{"environments/prod.yaml": sealedFor(t, "environment prod", "a: x\n"), "sealcfg.yaml": {Data: []byte("binding: required\nfuture: 1\n")}}
	h, err := sealcfg.New[boundSettings](options(t, fsys)...).Load(t.Context())
	require.NoError(t, err)
	require.Len(t, h.Warnings(), 1)
	assert.EqualError(t, h.Warnings()[0], `sealcfg.yaml:2:1: unknown key "future" in sealcfg.yaml`)
}

// A program applies the requirements of sealcfg.yaml.
func TestLoadObeysConfig(t *testing.T) {
	unbound := &fstest.MapFile{Data: regexp.MustCompile(`    sealcfg:\n +binding: .*\n +version: 2\n`).ReplaceAll(sealedFor(t, "", "a: x\n").Data, nil)}
	config := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	load := func(fsys fstest.MapFS) error {
		_, err := sealcfg.Load[boundSettings](t.Context(), options(t, fsys)...)
		return err
	}
	refused := func(fsys fstest.MapFS, file string) {
		t.Helper()
		var b *envfile.BindingError
		err := load(fsys)
		require.ErrorAs(t, err, &b)
		assert.Equal(t, envfile.BindingItself, b.Tampered)
		assert.Contains(t, err.Error(), file)
	}
	const prod = "environments/prod.yaml"
	require.NoError(t, load(fstest.MapFS{prod: unbound}))
	refused(fstest.MapFS{prod: unbound, "sealcfg.yaml": config("binding: required")}, prod)
	refused(fstest.MapFS{prod: unbound, "sealcfg.yaml": config("environments: {prod: {binding: required}}")}, prod)
	require.NoError(t, load(fstest.MapFS{prod: unbound, "sealcfg.yaml": config("binding: required\nenvironments: {prod: {binding: optional}}")}))
	refused(fstest.MapFS{prod: sealedFor(t, "environment prod", "a: x\n"), "environments/base.yaml": unbound,
		"sealcfg.yaml": config("environments: {dev: {binding: required}}")}, "environments/base.yaml")
	require.ErrorContains(t, load(fstest.MapFS{prod: unbound, "sealcfg.yaml": config("bindings: required")}), `sealcfg.yaml:1:1: unknown key "bindings"`)

	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	onDisk := func(folder string) error {
		_, err := sealcfg.Load[boundSettings](t.Context(), append(options(t, nil), sealcfg.WithDir(filepath.Join(dir, folder)))...)
		return err
	}
	write("app/.git/HEAD", nil)
	write("app/environments/prod.yaml", unbound.Data)
	write("app/conf/settings/prod.yaml", unbound.Data)
	write("sealcfg.yaml", []byte("binding: required"))
	require.NoError(t, onDisk("app/environments"), "that above the repository is a stranger's")
	write("app/sealcfg.yaml", []byte("binding: required"))
	require.ErrorIs(t, onDisk("app/environments"), envfile.ErrIntegrity)
	require.ErrorIs(t, onDisk("app/conf/settings"), envfile.ErrIntegrity)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "app", ".git")))
	require.ErrorIs(t, onDisk("app/environments"), envfile.ErrIntegrity, "deployed without repository and policy")
}

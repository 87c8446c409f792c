package settings_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

type pool struct {
	Size int
	Idle time.Duration
}

// fixture is the content of testdata/environments, which sops 3.13.3 encrypted.
type fixture struct {
	Listen   string
	Timeout  time.Duration
	Defaults pool
	DB       struct {
		Host     string
		Port     uint16
		Password sealcfg.Secret[string]
		Labels   map[string]string
		Pool     pool
	}
	Features []string
	Started  time.Time
	Ratio    float64
	Debug    bool
	Replica  *string
	Note     string `default:"none"`
}

func TestLoadWhatSopsSealed(t *testing.T) {
	var origins sealcfg.Origins
	got, err := sealcfg.Load[fixture](t.Context(), sealcfg.WithDir("../../../testdata/environments"), sealcfg.WithEnv("prod"),
		sealcfg.WithIdentityText(demoKey(t)), sealcfg.WithOrigins(&origins),
		sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_DB__PORT=6543"))
	require.NoError(t, err)

	assert.Equal(t, ":8080", got.Listen)
	assert.Equal(t, 30*time.Second, got.Timeout)
	assert.Equal(t, "db.example.com", got.DB.Host)
	assert.Equal(t, uint16(6543), got.DB.Port)
	assert.Equal(t, "correct horse battery staple", got.DB.Password.Expose())
	assert.Equal(t, map[string]string{"team": "payments", "tier": "primary"}, got.DB.Labels, "maps merge")
	assert.Equal(t, []string{"search"}, got.Features, "lists replace")
	assert.Equal(t, pool{Size: 40, Idle: time.Minute}, got.DB.Pool, "merge key")
	assert.Equal(t, time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC), got.Started)
	assert.Equal(t, 0.25, got.Ratio)
	assert.False(t, got.Debug)
	assert.Nil(t, got.Replica)
	assert.Equal(t, "none", got.Note)

	base, prod := filepath.FromSlash("../../../testdata/environments/base.yaml"), filepath.FromSlash("../../../testdata/environments/prod.yaml")
	assert.Equal(t, sealcfg.Origin{File: base, Line: 2, Column: 9}, origins.Of("listen"))
	assert.Equal(t, prod+":8:15", origins.Of("db.password").String())
	assert.Equal(t, "$APP_DB__PORT", origins.Of("db.port").String())
	assert.Equal(t, "default", origins.Of("note").String())
	assert.Equal(t, "not set", origins.Of("nowhere").String())
	var paths []string
	for path := range origins.All() {
		paths = append(paths, path)
	}
	assert.Equal(t, []string{"listen", "timeout", "defaults.size", "defaults.idle", "db.host", "db.port", "db.password",
		"db.labels.team", "db.labels.tier", "db.pool.size", "db.pool.idle", "features[0]", "started", "ratio", "debug",
		"replica", "note"}, paths)
}

type one struct{ A string }

func TestLayers(t *testing.T) {
	fsys := files(t, "base", "{a: base, b: base, c: base, d: {x: 1, y: 2}}", "prod", "{b: prod, c: prod, d: {y: 3}}",
		"prod.local", "c: local", "dev", "a: dev")
	type settings struct {
		A, B, C string
		D       map[string]int
	}
	got, err := sealcfg.Load[settings](t.Context(), append(options(t, fsys), sealcfg.WithLocal())...)
	require.NoError(t, err)
	assert.Equal(t, &settings{"base", "prod", "local", map[string]int{"x": 1, "y": 3}}, got)

	// Without WithLocal, a program does not read the local layer.
	for _, local := range []string{string(fsys["environments/prod.local.yaml"].Data), "c: [", "c: plaintext\n"} {
		fsys["environments/prod.local.yaml"] = &fstest.MapFile{Data: []byte(local)}
		got, err = sealcfg.Load[settings](t.Context(), options(t, fsys)...)
		require.NoError(t, err)
		assert.Equal(t, "prod", got.C)
	}
}

func TestWhichEnvironment(t *testing.T) {
	fsys := files(t, "dev", "a: dev", "prod", "a: prod")
	load := func(opts ...sealcfg.Option) (*one, error) {
		return sealcfg.Load[one](t.Context(), append([]sealcfg.Option{sealcfg.WithFS(fsys, "environments"),
			sealcfg.WithIdentityText(demoKey(t)), sealcfg.WithEnviron("SEALCFG_ENV=dev", "STAGE=prod", "EMPTY=")}, opts...)...)
	}
	for name, tc := range map[string]struct {
		opts []sealcfg.Option
		want string
	}{
		"default variable": {nil, "dev"},
		"other variable":   {[]sealcfg.Option{sealcfg.WithEnvVar("STAGE")}, "prod"},
		"fixed":            {[]sealcfg.Option{sealcfg.WithEnv("prod"), sealcfg.WithEnvVar("SEALCFG_ENV")}, "prod"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(tc.opts...)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got.A)
		})
	}
	for _, unset := range []string{"EMPTY", "NOT_THERE"} {
		_, err := load(sealcfg.WithEnvVar(unset))
		require.ErrorIs(t, err, sealcfg.ErrNoEnvironment)
		assert.ErrorContains(t, err, "$"+unset)
	}
	_, err := load(sealcfg.WithEnv("prd"))
	var missing *environments.MissingError
	require.ErrorAs(t, err, &missing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, `did you mean "prod"?`)
	_, err = load(sealcfg.WithEnv("../prod"))
	require.ErrorIs(t, err, environments.ErrName)
}

// In another working directory, the error names the directories that were searched.
func TestNoFolder(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	t.Chdir(dir)
	_, err = sealcfg.Load[struct{ A string }](t.Context(), sealcfg.WithEnv("prod"))
	var missing *environments.MissingError
	require.ErrorAs(t, err, &missing)
	require.EqualError(t, err, fmt.Sprintf(`load settings for "prod": no environment "prod": no directory %s`, filepath.Join(dir, "environments")))
}

func TestFoldersOnDisk(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "conf")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prod.yaml"), seal(t, "a: disk"), 0o600))
	t.Chdir(filepath.Join(dir, "sub"))
	for _, path := range []string{dir, "..", "../../conf", "../../conf/"} {
		var origins sealcfg.Origins
		got, err := sealcfg.Load[one](t.Context(), sealcfg.WithDir(path), sealcfg.WithEnv("prod"),
			sealcfg.WithIdentityText("# demo\n"+demoKeyLine), sealcfg.WithEnviron(), sealcfg.WithOrigins(&origins))
		require.NoError(t, err, path)
		assert.Equal(t, "disk", got.A)
		assert.Equal(t, filepath.Join(path, "prod.yaml"), origins.Of("a").File)
	}
	t.Chdir(parent)
	require.NoError(t, os.Rename("conf", sealcfg.DefaultDir))
	_, err := sealcfg.Load[one](t.Context(), sealcfg.WithEnv("prod"), sealcfg.WithIdentityText(demoKeyLine))
	require.NoError(t, err)
}

// demoKeyLine is the demo key of testdata again, for tests that change directory.
const demoKeyLine = "AGE-SECRET-KEY-1PRWRW2ZXAML7SHLNJ7HA6M8LL6TLEEMZ2JURSWPWAZ69PH6209PQKHUGD2"

func TestFilesThatAreRefused(t *testing.T) {
	const canary = "canary-7f3a9"
	prod := string(seal(t, "a: "+canary+"\n"))
	for name, tc := range map[string]struct {
		text string
		is   error
		says string
	}{
		"plain":           {"a: " + canary + "\n", envfile.ErrNotSealed, "environments/prod.yaml: not an encrypted file"},
		"two documents":   {string(seal(t, "a: "+canary+"\n---\na: "+canary+"\n")), nil, "environments/prod.yaml: expected one document, got 2"},
		"value in clear":  {"b: " + canary + "\n" + prod, envfile.ErrIntegrity, "environments/prod.yaml: integrity check failed"},
		"value taken out": {prod[strings.Index(prod, "\n")+1:], envfile.ErrIntegrity, "environments/prod.yaml: integrity check failed"},
		"broken":          {"a: [" + canary + "\n", nil, "environments/prod.yaml: line "},
		"empty":           {"", nil, "environments/prod.yaml: "},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"environments/prod.yaml": {Data: []byte(tc.text)}}
			_, err := sealcfg.Load[one](t.Context(), options(t, fsys)...)
			require.Error(t, err)
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
			}
			assert.ErrorContains(t, err, tc.says)
			assert.ErrorContains(t, err, `load settings for "prod": `)
			assert.NotContains(t, err.Error(), canary)
		})
	}
	t.Run("plain base under a sealed file", func(t *testing.T) {
		fsys := files(t, "prod", "a: x")
		fsys["environments/base.yaml"] = &fstest.MapFile{Data: []byte("a: " + canary)}
		_, err := sealcfg.Load[one](t.Context(), options(t, fsys)...)
		require.ErrorIs(t, err, envfile.ErrNotSealed)
		assert.ErrorContains(t, err, "environments/base.yaml")
	})
}

func TestIdentities(t *testing.T) {
	fsys := files(t, "prod", "a: x")
	load := func(opts ...sealcfg.Option) error {
		_, err := sealcfg.Load[one](t.Context(), append([]sealcfg.Option{
			sealcfg.WithFS(fsys, "environments"), sealcfg.WithEnv("prod"), sealcfg.WithEnviron()}, opts...)...)
		return err
	}
	id, err := keys.ParseAgeIdentity(demoKeyLine)
	require.NoError(t, err)
	stranger, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	another := stranger.String()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sops", "age"), 0o700))
	keyFile := filepath.Join(dir, "sops", "age", "keys.txt")
	require.NoError(t, os.WriteFile(keyFile, []byte(demoKeyLine), 0o600))

	t.Run("found", func(t *testing.T) {
		assert.NoError(t, load(sealcfg.WithIdentity(id)))
		assert.NoError(t, load(sealcfg.WithIdentityText(another), sealcfg.WithIdentity(id)), "the second fits")
		assert.NoError(t, load(sealcfg.WithEnviron("SOPS_AGE_KEY="+demoKeyLine)))
		assert.NoError(t, load(sealcfg.WithEnviron("SOPS_AGE_KEY_FILE="+keyFile)))
		assert.NoError(t, load(sealcfg.WithEnviron("XDG_CONFIG_HOME="+dir, "AppData="+dir)))
	})
	t.Run("command", func(t *testing.T) {
		script := filepath.Join(dir, "key.sh")
		require.NoError(t, os.WriteFile(script, []byte("echo \"$THE_KEY\"; echo noise >&2\n"), 0o600))
		command := "SOPS_AGE_KEY_CMD=/bin/sh " + script
		assert.NoError(t, load(sealcfg.WithEnviron(command, "THE_KEY="+demoKeyLine)))
		assert.ErrorContains(t, load(sealcfg.WithEnviron("SOPS_AGE_KEY_CMD=/bin/sh -c 'exit 3'")), "exit status 3")
	})
	t.Run("none", func(t *testing.T) {
		for _, opts := range [][]sealcfg.Option{
			nil,
			{sealcfg.WithIdentityText(another), sealcfg.WithEnviron("SOPS_AGE_KEY=" + demoKeyLine)}, // explicit identities are the only ones
			{sealcfg.WithEnviron("XDG_CONFIG_HOME=relative", "HOME="+dir)},
		} {
			err := load(opts...)
			var none *keys.NoIdentityError
			require.ErrorAs(t, err, &none)
			assert.Equal(t, []string{demoRecipient}, none.Recipients)
			assert.ErrorContains(t, err, "environments/prod.yaml")
		}
	})
	t.Run("none, of people with names", func(t *testing.T) {
		fsys := fstest.MapFS{
			"prod.yaml":  {Data: seal(t, "a: x")},
			".sops.yaml": {Data: []byte("keys: [&alice " + demoRecipient + "]\ncreation_rules: [{age: *alice}]\n")},
		}
		err := load(sealcfg.WithFS(fsys, "."), sealcfg.WithEnviron("HOME="+dir, "SOPS_AGE_KEY="+another))
		require.ErrorContains(t, err, "the available identity does not decrypt it; encrypted for alice ("+demoRecipient+"); searched $SOPS_AGE_KEY, $SOPS_AGE_KEY_FILE (none), ")
		require.ErrorContains(t, err, "keys.txt (none)")
	})
	t.Run("of a kind that is not imported", func(t *testing.T) {
		const recipient = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFVHIxsXcMp6GGB2aRoHv1hgFHaJwprdF+xLeiR6q4xO demo"
		text := strings.Replace(string(seal(t, "a: x")), demoRecipient, recipient, 1)
		err := load(sealcfg.WithFS(fstest.MapFS{"prod.yaml": {Data: []byte(text)}}, "."), sealcfg.WithIdentityText(another))
		var none *keys.NoIdentityError
		require.ErrorAs(t, err, &none)
		assert.Equal(t, []string{recipient}, none.Recipients)
		assert.ErrorContains(t, err, "require the package github.com/sealcfg/sealcfg/keys/agessh (missing import?)")
	})
	t.Run("one source broken", func(t *testing.T) {
		var warned []string
		onWarning := sealcfg.OnWarning(func(p *sealcfg.Problem) {
			assert.Equal(t, sealcfg.KindKeySource, p.Kind)
			warned = append(warned, p.Reason)
		})
		require.NoError(t, load(onWarning, sealcfg.WithEnviron("SOPS_AGE_KEY="+demoKeyLine, "SOPS_AGE_KEY_FILE="+filepath.Join(dir, "canary-55"))))
		require.NoError(t, load(onWarning, sealcfg.WithEnviron("SOPS_AGE_KEY=canary-55", "SOPS_AGE_KEY_FILE="+keyFile)))
		assert.Equal(t, []string{
			"broken key source: $SOPS_AGE_KEY_FILE: no such file or directory",
			"broken key source: $SOPS_AGE_KEY: line 1: unknown kind of age identity",
		}, warned)
	})
	t.Run("bounded", func(t *testing.T) {
		_, err := os.Stat("/dev/zero")
		if err != nil {
			t.Skip("no /dev/zero on this system")
		}
		for _, variable := range []string{"SOPS_AGE_KEY_FILE=/dev/zero", "SOPS_AGE_KEY_CMD=cat /dev/zero"} {
			require.NoError(t, load(sealcfg.WithEnviron("SOPS_AGE_KEY="+demoKeyLine, variable)))
			require.ErrorIs(t, load(sealcfg.WithEnviron(variable)), keys.ErrNoIdentity)
		}
	})
	t.Run("malformed", func(t *testing.T) {
		for _, text := range []string{demoKeyLine + "X", "# only a comment\n", "canary-55"} {
			err := load(sealcfg.WithIdentityText(text))
			require.ErrorContains(t, err, "identity text")
			assert.NotContains(t, err.Error(), "canary-55")
			assert.NotContains(t, err.Error(), demoKeyLine[:40])
		}
		err := load(sealcfg.WithEnviron("SOPS_AGE_KEY=canary-55"))
		require.ErrorContains(t, err, "$SOPS_AGE_KEY")
		assert.NotContains(t, err.Error(), "canary-55")
	})
}

func TestMergeKeys(t *testing.T) {
	got, err := loadYAML[struct{ P, Q pool }](t, "p:\n  <<: [{size: 1}, {size: 2, idle: 1m}]\n"+
		"q:\n  <<:\n    <<: {idle: 5m, size: 1}\n    idle: 4m\n  size: 3\n")
	require.NoError(t, err)
	assert.Equal(t, pool{Size: 1, Idle: time.Minute}, got.P, "the map named first wins")
	assert.Equal(t, pool{Size: 3, Idle: 4 * time.Minute}, got.Q, "what stands in the map itself wins")

	type literal struct {
		Text string `cfg:"<<"`
	}
	lit, err := loadYAML[map1[literal]](t, "m: {\"<<\": text}")
	require.NoError(t, err)
	assert.Equal(t, "text", lit.M.Text, "no map, so it merges nothing")
}

type map1[T any] struct{ M T }

// unreadable lists files that cannot be read.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if u.MapFS[name] == nil {
		return u.MapFS.Open(name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	_, err := sealcfg.Load[one](t.Context(), sealcfg.WithEnv("prod"), sealcfg.WithEnviron(),
		sealcfg.WithFS(unreadable{files(t, "prod", "a: x")}, "environments"))
	require.ErrorIs(t, err, fs.ErrPermission)
	require.EqualError(t, err, `load settings for "prod": environments/prod.yaml: read: permission denied`)

	_, err = sealcfg.Load[one](t.Context(), options(t, fstest.MapFS{"environments/prod.toml": {Data: []byte("a = 1")}})...)
	require.ErrorContains(t, err, "environments/prod.toml")
}

func TestLoadHeedsItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sealcfg.Load[one](ctx, options(t, files(t, "prod", "a: x"))...)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOriginsStayUntouchedOnFailure(t *testing.T) {
	var origins sealcfg.Origins
	opts := append(options(t, files(t, "prod", "b: x")), sealcfg.WithOrigins(&origins))
	_, err := sealcfg.Load[one](t.Context(), opts...)
	require.Error(t, err)
	for range origins.All() {
		assert.Fail(t, "an origin was recorded")
	}
}

func TestLoadInParallel(t *testing.T) {
	type mine struct { // a separate type, so that its plan is made here
		A    string
		B    []struct{ C sealcfg.Secret[int] }
		Tree map[string]*mine `cfg:",optional"`
	}
	fsys := files(t, "base", "a: base", "prod", "b: [{c: 1}, {c: 2}]\ntree: {x: {a: y, b: []}}")
	opts := options(t, fsys, "APP_A=env")
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := sealcfg.Load[mine](t.Context(), opts...)
			if assert.NoError(t, err) {
				assert.Equal(t, "env", got.A)
				assert.Equal(t, 2, got.B[1].C.Expose())
				assert.Equal(t, "y", got.Tree["x"].A)
			}
		})
	}
	wg.Wait()
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/examples/webservice/config"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

const (
	wait     = 30 * time.Second // generous, for slow machines
	interval = 20 * time.Millisecond
)

// program is the path of the built service.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "webservice")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "webservice.exe")
	code := 1
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// deployed returns a copy of the files that the service needs.
func deployed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "environments"), os.DirFS("environments")))
	for _, name := range []string{".sops.yaml", "demo-key.txt"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	return dir
}

// environ returns the environment of this process with the demo key and without the variables of
// the service.
func environ(more ...string) []string {
	var all []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		ours := slices.ContainsFunc([]string{"WEB_", "SOPS_", "SEALCFG_", "VAULT_"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if !ours && !slices.Contains([]string{"API_KEY", "DATABASE_URL", "DEBUG"}, name) {
			all = append(all, v)
		}
	}
	return append(append(all, "SOPS_AGE_KEY_FILE=demo-key.txt", "WEB_HTTP__LISTEN=127.0.0.1:0"), more...)
}

// A buffer holds the output of a service.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var address = regexp.MustCompile(`msg=serving url=(http://127\.0\.0\.1:\d+)`)

// A service is a running program.
type service struct {
	url string
	out *buffer
	cmd *exec.Cmd
}

// found waits until a service prints its address.
func found(t *testing.T, out *buffer, ended <-chan struct{}) string {
	t.Helper()
	deadline := time.After(wait)
	for {
		if m := address.FindStringSubmatch(out.String()); m != nil {
			return m[1]
		}
		select {
		case <-ended:
			t.Fatalf("it has ended: %s", out)
		case <-deadline:
			t.Fatalf("no address in: %s", out)
		case <-time.After(interval):
		}
	}
}

// start runs the program in a directory.
func start(t *testing.T, dir string, environ []string, args ...string) *service {
	t.Helper()
	s := &service{out: new(buffer), cmd: exec.Command(program, args...)}
	s.cmd.Dir, s.cmd.Env = dir, environ
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	require.NoError(t, s.cmd.Start())
	ended := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); <-ended })
	s.url = found(t, s.out, ended)
	return s
}

// get sends a request with an API key, or without one.
func get(t *testing.T, url, key string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, string(text)
}

func (s *service) accepts(t *testing.T, key string) bool {
	t.Helper()
	status, _ := get(t, s.url+"/", key)
	return status == http.StatusOK
}

// secretsOf returns the secrets from the encrypted file.
func secretsOf(t *testing.T, env string) *config.Settings {
	t.Helper()
	key, err := os.ReadFile("demo-key.txt")
	require.NoError(t, err)
	settings, err := sealcfg.Load[config.Settings](t.Context(), sealcfg.WithEnv(env), sealcfg.WithIdentityText(string(key)),
		sealcfg.WithEnviron(), sealcfg.WithResolver(manager{}))
	require.NoError(t, err)
	return settings
}

// hushed fails if the output of a service contains a secret.
func hushed(t *testing.T, settings *config.Settings, output ...string) {
	t.Helper()
	u := settings.DatabaseURL.Expose()
	password, ok := u.User.Password()
	require.True(t, ok)
	key, err := os.ReadFile("demo-key.txt")
	require.NoError(t, err)
	identity := regexp.MustCompile(`AGE-SECRET-KEY-\w+`).FindString(string(key))
	require.NotEmpty(t, identity)
	sealcfgtest.AssertNoLeak(t, struct{ Key, Password, Identity sealcfg.Secret[string] }{
		settings.APIKey, sealcfg.NewSecret(password), sealcfg.NewSecret(identity),
	}, output...)
}

func TestServes(t *testing.T) {
	dev := secretsOf(t, "dev")
	s := start(t, deployed(t), environ("SEALCFG_ENV=dev"))

	status, refused := get(t, s.url+"/", "")
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.False(t, s.accepts(t, "not-the-key-of-this-service"))
	status, greeting := get(t, s.url+"/", dev.APIKey.Expose()) // the program has the key
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "hello\n", greeting)

	status, page := get(t, s.url+"/settings", "")
	assert.Equal(t, http.StatusOK, status, "dev.yaml sets debug")
	dir := `environments[/\\]`
	for _, line := range []string{
		`(?m)^api_key +string +\[secret\] +` + dir + `dev\.yaml:\d+:\d+$`,
		`(?m)^database_url +url\.URL +\[secret\] +` + dir + `dev\.yaml:\d+:\d+$`,
		`(?m)^http\.listen +string +127\.0\.0\.1:0 +\$WEB_HTTP__LISTEN$`,
		`(?m)^http\.timeout +time\.Duration +10s +` + dir + `base\.yaml:\d+:\d+$`,
	} {
		assert.Regexp(t, line, page)
	}
	assert.Contains(t, s.out.String(), "database=app@127.0.0.1:5432/app")
	assert.Contains(t, s.out.String(), "msg=refused", "debug logs more")
	hushed(t, dev, s.out.String(), page, greeting, refused)
}

// Local development uses .env; stronger sources still override it.
func TestLocalDotenv(t *testing.T) {
	dir := deployed(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("export API_KEY='my-key-0123456789'\nDEBUG=false # quiet\nWEB_GREETING=\"good\\nmorning\"\n"), 0o600))
	s := start(t, dir, environ("SEALCFG_ENV=dev"))
	assert.True(t, s.accepts(t, "my-key-0123456789"))
	assert.False(t, s.accepts(t, secretsOf(t, "dev").APIKey.Expose()))
	_, greeting := get(t, s.url+"/", "my-key-0123456789")
	assert.Equal(t, "good\nmorning\n", greeting)
	status, _ := get(t, s.url+"/settings", "")
	assert.Equal(t, http.StatusNotFound, status)

	s = start(t, dir, environ("SEALCFG_ENV=dev", "API_KEY=a-variable-0123456789"), "--debug")
	assert.True(t, s.accepts(t, "a-variable-0123456789"))
	status, page := get(t, s.url+"/settings", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Regexp(t, `(?m)^debug +bool +true +--debug$`, page)
	assert.Regexp(t, `(?m)^api_key +string +\[secret\] +\$API_KEY$`, page)
	assert.Regexp(t, `(?m)^greeting .* \.env: \$WEB_GREETING$`, page)
}

// Every problem stops the start. All are reported at once, without values.
func TestRefusesWrongSettings(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), program, "--http.timeout=canary")
	cmd.Dir = deployed(t)
	cmd.Env = environ("SEALCFG_ENV=dev", "API_KEY=canary", "DATABASE_URL=canary", "WEB_HTTP__LISTN=canary", "DEBUG=canary")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Equal(t, strings.TrimPrefix(`
webservice: settings for "dev": 5 problems
  (all)         $WEB_HTTP__LISTN  unknown variable; did you mean $WEB_HTTP__LISTEN?
  api_key       $API_KEY          must be at least 16 characters long
  database_url  $DATABASE_URL     must be a URL with scheme and host
  debug         $DEBUG            expected true or false
  http.timeout  --http.timeout    expected a duration such as 5s or 1h30m
`, "\n"), string(out))
}

func TestValidateNamesTheField(t *testing.T) {
	_, err := sealcfg.Load[config.Settings](t.Context(), sealcfgtest.Settings(map[string]any{
		"api_key": "0123456789abcdef", "database_url": "mysql://app:canary@127.0.0.1/app",
	})...)
	require.EqualError(t, err, "settings: 1 problem\n  database_url  set in code  must begin with postgres://")
}

func TestHelp(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), program, "--help")
	cmd.Dir, cmd.Env = t.TempDir(), environ()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "  -debug\n    \tlog more, and show the settings at /settings [env: DEBUG, WEB_DEBUG] (default false)\n")
	assert.Contains(t, string(out), "[env: WEB_HTTP__LISTEN] (default 127.0.0.1:8080)\n")
	assert.NotContains(t, string(out), "api-key", "arguments are public")
}

// seal encrypts an environment again with a new data key, like the command.
func seal(t *testing.T, dir, env, yaml string) {
	t.Helper()
	policy, err := os.ReadFile(".sops.yaml")
	require.NoError(t, err)
	recipient, err := keys.ParseAgeRecipient(regexp.MustCompile(`age1\w+`).FindString(string(policy)))
	require.NoError(t, err)
	plain, err := envfile.Parse(envfile.YAML, []byte(yaml))
	require.NoError(t, err)
	sealed, _, err := envfile.Seal(t.Context(), plain, envfile.Rules{}, envfile.Recipients{Groups: [][]keys.Recipient{{recipient}}})
	require.NoError(t, err)
	path := filepath.Join(dir, "environments", env+".yaml")
	require.NoError(t, os.WriteFile(path+".new", sealed.Bytes(), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

// The file is encrypted again with another API key, and the running service applies it. A file with
// an error is ignored.
func TestRotatesWithoutARestart(t *testing.T) {
	dir := deployed(t)
	dev := secretsOf(t, "dev")
	old := dev.APIKey.Expose()
	const another = "another-key-0123456789"
	s := start(t, dir, environ("SEALCFG_ENV=dev"))
	require.True(t, s.accepts(t, old))
	require.False(t, s.accepts(t, another))

	seal(t, dir, "dev", "api_key: short\ndatabase_url: postgres://app:dev-password@127.0.0.1/app\n")
	require.Eventually(t, func() bool {
		return strings.Contains(s.out.String(), "settings not reloaded; the old ones stay")
	}, wait, interval)
	assert.True(t, s.accepts(t, old))

	seal(t, dir, "dev", "api_key: "+another+"\ndatabase_url: postgres://app:dev-password@127.0.0.1/app\n")
	require.Eventually(t, func() bool { return s.accepts(t, another) }, wait, interval)
	assert.False(t, s.accepts(t, old))
	require.Eventually(t, func() bool { return strings.Contains(s.out.String(), `changed="[api_key`) }, wait, interval)
	assert.Contains(t, s.out.String(), "must be at least 16 characters long")
	hushed(t, dev, s.out.String())
	assert.NotContains(t, s.out.String(), another)
}

// manager takes the place of Vault.
type manager struct{}

func (manager) Schemes() []string { return []string{"vaultkv"} }

func (manager) Resolve(_ context.Context, ref sealcfg.Reference) (string, error) {
	if ref.Name != "secret/webservice" {
		return "", errors.New("no such secret")
	}
	return `{"api_key": "prod-key-0123456789"}`, nil
}

// prod refers to a secret of a manager. Here the test is the manager.
func TestProdWithAManagerOfItsOwn(t *testing.T) {
	prod := secretsOf(t, "prod")
	key, err := os.ReadFile("demo-key.txt")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	out, ended, failed := new(buffer), make(chan struct{}), error(nil)
	go func() {
		defer close(ended)
		failed = run(ctx, []string{"--debug", "--http.listen", "127.0.0.1:0"}, out, append(config.Options(),
			sealcfg.WithEnv("prod"), sealcfg.WithEnviron(), sealcfg.WithIdentityText(string(key)), sealcfg.WithResolver(manager{}))...)
	}()
	t.Cleanup(func() { stop(); <-ended })
	s := &service{url: found(t, out, ended), out: out}
	assert.True(t, s.accepts(t, "prod-key-0123456789"))
	_, page := get(t, s.url+"/settings", "")
	assert.Regexp(t, `(?m)^api_key +string +\[secret\] +environments[/\\]prod\.yaml:\d+:\d+: ref\+vaultkv://secret/webservice#api_key$`, page)
	stop()
	<-ended
	require.NoError(t, failed)
	assert.Contains(t, out.String(), "msg=stopping")
	hushed(t, prod, out.String(), page)
}

// The same with a real Vault: after SIGHUP, the service requests the secret again.
func TestProdWithVault(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send a signal to another one there")
	}
	vault := servicetest.NewVault(t)
	vault.Do("POST", "sys/mounts/secret", map[string]any{"type": "kv", "options": map[string]any{"version": "2"}})
	keep := func(key string) {
		// An engine of version 2 takes a moment before it accepts writes.
		require.Eventually(t, func() bool {
			return vault.Try("POST", "secret/data/webservice", map[string]any{"data": map[string]any{"api_key": key}}) == nil
		}, wait, interval)
	}
	const first, second = "first-key-0123456789", "second-key-0123456789"
	keep(first)
	token := vault.TokenFor(`path "secret/data/webservice" { capabilities = ["read"] }`)
	s := start(t, deployed(t), environ("SEALCFG_ENV=prod", "VAULT_ADDR="+vault.Address, "VAULT_TOKEN="+token))
	require.True(t, s.accepts(t, first))

	keep(second)
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return s.accepts(t, second) }, wait, interval)
	assert.False(t, s.accepts(t, first))
	for _, secret := range []string{first, second, token} {
		assert.NotContains(t, s.out.String(), secret)
	}
}

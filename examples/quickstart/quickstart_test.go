package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/keys"
)

// secrets reads the secrets from the encrypted file, so that the test stays valid when the example
// changes.
func secrets(t *testing.T) (password, token string) {
	t.Helper()
	src, err := files.ReadFile("environments/dev.yaml")
	require.NoError(t, err)
	sealed, err := envfile.ParseSealed(envfile.YAML, src)
	require.NoError(t, err)
	ids, err := keys.ParseAgeIdentities(demoKey)
	require.NoError(t, err)
	opened, err := sealed.Open(t.Context(), ids...)
	require.NoError(t, err)
	at := func(path string) string {
		p, err := envfile.ParsePath(path)
		require.NoError(t, err)
		n := opened.Roots()[0].At(p)
		require.NotNil(t, n, path)
		require.NotEmpty(t, n.Text)
		return n.Text
	}
	return at("db.password"), at("admin.token")
}

// program is a running quickstart.
type program struct {
	cmd *exec.Cmd
	url string

	mu  sync.Mutex
	out bytes.Buffer

	read chan struct{} // closed at the end of the output
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "quickstart.exe")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

var address = regexp.MustCompile(`serving on (http://127\.0\.0\.1:\d+)`)

// start runs the program and waits until it prints its address.
func start(t *testing.T, path string, environ []string, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p := &program{cmd: exec.CommandContext(ctx, path, args...), read: make(chan struct{})}
	p.cmd.Dir = t.TempDir() // the program needs no file
	p.cmd.Env = append(os.Environ(), environ...)
	out, in := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = in, in
	require.NoError(t, p.cmd.Start())

	found := make(chan string, 1)
	go func() {
		defer close(p.read)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.mu.Lock()
			p.out.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
			}
		}
	}()
	t.Cleanup(func() { _ = in.Close() })
	select {
	case p.url = <-found:
	case <-ctx.Done():
		t.Fatalf("no address in: %s", p.output())
	}
	return p
}

func (p *program) wait(t *testing.T) error {
	t.Helper()
	err := p.cmd.Wait() // also waits until the output is copied
	require.NoError(t, p.cmd.Stdout.(io.Closer).Close())
	<-p.read
	return err
}

func get(t *testing.T, url, token string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, string(b)
}

func TestServesSettingsAndNoSecret(t *testing.T) {
	password, token := secrets(t)
	p := start(t, build(t), []string{"QUICKSTART_DB__PORT=6543"}, "-for", "3s")

	status, page := get(t, p.url+"/", "")
	assert.Equal(t, http.StatusOK, status)
	status, encoded := get(t, p.url+"/settings.json", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, encoded, `"Password": "[secret]"`)

	status, _ = get(t, p.url+"/admin", "")
	assert.Equal(t, http.StatusUnauthorized, status)
	status, refused := get(t, p.url+"/admin", token+"x")
	assert.Equal(t, http.StatusUnauthorized, status)
	status, welcome := get(t, p.url+"/admin", token) // the program has the secret
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "welcome\n", welcome)

	require.NoError(t, p.wait(t), "it stops by itself")
	all := p.output() + page + encoded + refused
	for _, line := range []string{
		`(?m)^db\.host +db\.dev\.example\.com +environments/dev\.yaml:\d+:\d+$`,
		`(?m)^http\.timeout +5s +environments/base\.yaml:\d+:\d+$`,
		`(?m)^http\.port +8080 +default$`,
		`(?m)^db\.port +6543 +\$QUICKSTART_DB__PORT$`,
		`(?m)^db\.password +\[secret\] +environments/dev\.yaml:\d+:\d+$`,
	} {
		assert.Regexp(t, line, page)
		assert.Regexp(t, line, p.output())
	}
	assert.NotContains(t, all, password)
	assert.NotContains(t, all, token)
	assert.NotContains(t, all, strings.TrimSpace(demoKey))
}

// Both programs want the same port; the second one takes another.
func TestTakesAnotherPort(t *testing.T) {
	path := build(t)
	first := start(t, path, nil, "-for", "5s")
	port := first.url[strings.LastIndex(first.url, ":")+1:]
	second := start(t, path, []string{"QUICKSTART_HTTP__PORT=" + port}, "-for", "1s")
	assert.NotEqual(t, first.url, second.url)
	status, _ := get(t, second.url+"/", "")
	assert.Equal(t, http.StatusOK, status)
	require.NoError(t, second.wait(t))
	require.NoError(t, first.wait(t))
}

func TestStopsOnInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send an interrupt to another one there")
	}
	p := start(t, build(t), nil, "-for", "0")
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, p.wait(t))
	assert.Contains(t, p.output(), "stopping")
}

// An invalid setting stops the start. The error names its origin and not its value.
func TestRefusesWrongSettings(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), build(t), "-for", "1s")
	cmd.Env = append(os.Environ(), "QUICKSTART_DB__PORT=canary-70000")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Contains(t, string(out), "db.port  $QUICKSTART_DB__PORT")
	assert.NotContains(t, string(out), "canary")
}

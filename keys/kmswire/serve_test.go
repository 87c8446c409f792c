package kmswire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/kmswire/kmstest"
)

func serve(t *testing.T, lines ...string) (out string, err error) {
	t.Helper()
	var buf bytes.Buffer
	err = Serve(t.Context(), strings.NewReader(strings.Join(lines, "")), &buf, "v9", []keys.Service{kmstest.Service{Kind: "kms"}})
	return buf.String(), err
}

const hello = `{"protocol":1}` + "\n"

func TestServeSaysHello(t *testing.T) {
	const answer = `{"protocol":1,"version":"v9","types":["kms"]}` + "\n"
	out, err := serve(t, hello)
	require.NoError(t, err)
	assert.Equal(t, answer, out)

	out, err = serve(t, `{"protocol":2,"news":true}`+"\n")
	var version *VersionError
	require.ErrorAs(t, err, &version)
	assert.Equal(t, 2, version.Theirs)
	assert.Equal(t, answer, out, "the client can report the version")

	out, err = serve(t)
	require.NoError(t, err)
	assert.Empty(t, out)
}

func TestServeEndsAtMalformedRequest(t *testing.T) {
	for _, line := range []string{"\n", "GET / HTTP/1.1\n", `{"id":1}` + "\n", `{"id":1,"op":"steal","stanza":{"type":"kms"}}` + "\n"} {
		out, err := serve(t, hello, line, `{"id":2,"op":"unwrap","stanza":{"type":"kms"}}`+"\n")
		require.ErrorIs(t, err, ErrMalformed)
		assert.Equal(t, 1, strings.Count(out, "\n"), "only the hello")
	}
	_, err := serve(t, "usage\n")
	require.ErrorIs(t, err, ErrMalformed)
	hangs := `{"id":1,"op":"unwrap","stanza":{"type":"kms","fields":[{"name":"arn","value":"hangs"}]}}` + "\n"
	_, err = serve(t, hello, hangs, hangs)
	require.ErrorIs(t, err, errTwice)
}

func TestServeCancels(t *testing.T) {
	out, err := serve(t, hello,
		`{"id":1,"op":"unwrap","stanza":{"type":"kms","fields":[{"name":"arn","value":"hangs"}]}}`+"\n",
		`{"id":1,"op":"cancel"}`+"\n", `{"id":7,"op":"cancel"}`+"\n")
	require.NoError(t, err)
	assert.Contains(t, out, `{"id":1,"error":{"text":"context canceled","kind":"canceled"}}`)
	assert.Equal(t, 2, strings.Count(out, "\n"), "no response to a cancel")
}

func TestKinds(t *testing.T) {
	_, notFound := exec.LookPath("no-such-program-anywhere")
	notStarted := exec.Command("/no/such/program").Start()
	refused := &net.OpError{Op: "dial", Err: fmt.Errorf("connection refused")}
	for kind, errs := range map[Kind][]error{
		Canceled:  {context.Canceled, fmt.Errorf("x: %w", context.Canceled)},
		NoProgram: {notFound, notStarted},
		Unreachable: {refused, context.DeadlineExceeded, fmt.Errorf("ask: %w", refused),
			errors.New("dial tcp: lookup vault.example.com: no such host"),
			errors.New("Unavailable: dial tcp 127.0.0.1:1: connect: connection refused")},
		Failed: {kmstest.ErrDenied, &fs.PathError{Op: "open", Path: "token", Err: fs.ErrNotExist}},
	} {
		for _, err := range errs {
			require.Error(t, err)
			assert.Equal(t, kind, kindOf(err), "%v", err)
		}
	}
}

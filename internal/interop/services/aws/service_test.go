package aws_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fake "github.com/sealcfg/sealcfg/internal/test/fake/aws"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keystest"
	"github.com/sealcfg/sealcfg/services/aws"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

const region = fake.Region

var service *fake.Server

func TestMain(m *testing.M) { servicetest.Main(m, &service, fake.New) }

// newUser gives the test the environment of a new user of the fake.
func newUser(t *testing.T) (*fake.Server, *fake.Credentials) {
	t.Helper()
	user := service.AddUser("alice")
	environment(t, service.URL())
	credentials(t, user)
	return service, user
}

// environment is the environment of a user without any settings for AWS.
func environment(t *testing.T, endpoint string) {
	t.Helper()
	servicetest.NothingOfAWS(t, "AWS_ENDPOINT_URL", endpoint)
}

func credentials(t *testing.T, c *fake.Credentials) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", c.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", c.SecretAccessKey)
}

// Credentials for requests that no server verifies.
var demo = &fake.Credentials{AccessKeyID: "AKIADEMO", SecretAccessKey: "demo-secret-key"}

func key(arn string, fields ...keys.Field) *keys.Stanza {
	return &keys.Stanza{Type: "kms", Fields: append([]keys.Field{{Name: "arn", Value: arn}}, fields...)}
}

func role(arn string) keys.Field { return keys.Field{Name: "role", Value: arn} }

func pairs(texts ...string) keys.Field {
	f := keys.Field{Name: "context", Map: []keys.Field{}}
	for i := 0; i < len(texts); i += 2 {
		f.Map = append(f.Map, keys.Field{Name: texts[i], Value: texts[i+1]})
	}
	return f
}

func wrap(t *testing.T, k *keys.Stanza) *keys.Stanza {
	t.Helper()
	s, err := aws.Service{}.Wrap(t.Context(), k, secret)
	require.NoError(t, err)
	return s
}

func unwraps(t *testing.T, s *keys.Stanza) {
	t.Helper()
	got, err := aws.Service{}.Unwrap(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, secret, got)
}

func TestFakePassesTheSuite(t *testing.T) {
	server, user := newUser(t)
	p, err := keys.Default.Provider("kms")
	require.NoError(t, err)
	sops := server.AddRole("sops", user.Principal)
	for name, k := range map[string]*keys.Stanza{
		"key":              key(server.AddKey(region)),
		"role and context": key(server.AddKey(region, sops), role(sops), pairs("App", "shop", "env", "prod")),
	} {
		t.Run(name, func(t *testing.T) { keystest.Test(t, keystest.Setup{Provider: p, Key: k}) })
	}
}

func TestFakeBothWaysWithSops(t *testing.T) {
	server, user := newUser(t)
	plain := server.AddKey(region)
	sops := server.AddRole("sops", user.Principal)
	own := server.AddKey("us-east-1", sops)
	config := "[profile deploy]\naws_access_key_id = " + user.AccessKeyID + "\naws_secret_access_key = " + user.SecretAccessKey + "\n"
	require.NoError(t, os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(config), 0o600))
	for name, rules := range map[string]string{
		"key":              "kms: " + plain,
		"alias":            "kms: " + server.AddAlias("shop", plain),
		"role":             "kms: " + own + "+" + sops,
		"role and context": "key_groups: [{kms: [{arn: '" + own + "', role: '" + sops + "', context: {Zone: z, App: shop, env: prod}}]}]",
		"profile":          "{kms: '" + plain + "', aws_profile: deploy}",
		"empty context":    "key_groups: [{kms: [{arn: '" + plain + "', context: {}}]}]",
	} {
		t.Run(name, func(t *testing.T) { servicetest.BothWays(t, rules) })
	}
}

// Requests go to the region of the key, in the role of the key if it has one.
func TestFakeCalls(t *testing.T) {
	server, user := newUser(t)
	t.Setenv("AWS_REGION", "ap-south-1")
	before := len(server.Calls())
	unwraps(t, wrap(t, key(server.AddKey(region))))
	sops := server.AddRole("sops", user.Principal)
	wrap(t, key(server.AddKey("us-gov-west-1", sops), role(sops)))
	assert.Equal(t, []fake.Call{
		{Action: "Encrypt", Principal: user.Principal, Region: region},
		{Action: "Decrypt", Principal: user.Principal, Region: region},
		{Action: "AssumeRole", Principal: user.Principal, Region: "us-gov-west-1"},
		{Action: "Encrypt", Principal: sops, Region: "us-gov-west-1"},
	}, server.Calls()[before:])
}

// The encryption context is part of the key: without it, or with another, the
// service does not decrypt.
func TestFakeContext(t *testing.T) {
	server, _ := newUser(t)
	s := wrap(t, key(server.AddKey(region), pairs("b", "2", "a", "1")))
	assert.Equal(t, []keys.Field{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}, s.Fields[1].Map, "in the order of the names, as sops writes it")
	unwraps(t, s)
	for name, fields := range map[string][]keys.Field{
		"none":    {s.Fields[0]},
		"another": {s.Fields[0], pairs("a", "1", "b", "3")},
		"more":    {s.Fields[0], pairs("a", "1", "b", "2", "c", "3")},
	} {
		_, err := aws.Service{}.Unwrap(t.Context(), &keys.Stanza{Type: "kms", Fields: fields, Wrapped: s.Wrapped})
		require.EqualError(t, err, "InvalidCiphertextException", name)
	}
}

// The rejections of the service.
func TestFakeRefuses(t *testing.T) {
	server, user := newUser(t)
	mine, theirs := server.AddKey(region), server.AddKey(region, "arn:aws:iam::"+fake.Account+":user/bob")
	closed := server.AddRole("closed")
	s := wrap(t, key(mine))
	wrong := *s
	wrong.Fields = key(server.AddKey(region)).Fields
	for name, c := range map[string]struct {
		call func() error
		want string
	}{
		"no permission":  {tryWrap(t, key(theirs)), "AccessDeniedException: User: " + user.Principal + " is not authorized to perform: kms:Encrypt on resource: " + theirs},
		"no such key":    {tryWrap(t, key(mine[:len(mine)-4]+"zzzz")), "NotFoundException: Key '"},
		"another region": {tryWrap(t, key(strings.Replace(mine, region, "us-east-1", 1))), "NotFoundException: Key '"},
		"no such role":   {tryWrap(t, key(mine, role(closed))), "failed to assume role '" + closed + "': AccessDenied: User: "},
		"wrong key":      {tryUnwrap(t, &wrong), "IncorrectKeyException: "},
		"no profile":     {tryWrap(t, key(mine, keys.Field{Name: "aws_profile", Value: "nobody"})), "profile, nobody"},
		"not base64":     {tryUnwrap(t, &keys.Stanza{Type: "kms", Fields: s.Fields, Wrapped: "?"}), "base64"},
		"not an ARN":     {tryWrap(t, key("arn:aws:kms:evil.example/#:1:key/x")), "arn is not the ARN of a KMS key"},
	} {
		err := c.call()
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), c.want, name)
		presentable(t, err)
	}
}

// A rejected login, and a missing one. The real service repeats the request when a
// signature does not match, and the fake does too. Our error does not contain it.
func TestFakeRefusesLogin(t *testing.T) {
	server, user := newUser(t)
	s := wrap(t, key(server.AddKey(region)))
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not-her-secret-key")
	for _, k := range []*keys.Stanza{s, key(s.Field("arn"), role(server.AddRole("sops", user.Principal)))} {
		err := tryUnwrap(t, &keys.Stanza{Type: "kms", Fields: k.Fields, Wrapped: s.Wrapped})()
		require.Error(t, err)
		assert.Contains(t, err.Error(), "The request signature we calculated does not match the signature you provided.")
		presentable(t, err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
	require.EqualError(t, tryUnwrap(t, s)(), "UnrecognizedClientException: The security token included in the request is invalid.")

	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	err := tryUnwrap(t, s)()
	require.Error(t, err)
	assert.Regexp(t, "^no AWS credentials: ", err.Error())
	presentable(t, err)
}

// No process listens on the discard port of this machine.
func TestUnreachable(t *testing.T) {
	environment(t, "http://127.0.0.1:9")
	credentials(t, demo)
	err := tryWrap(t, key(nobodys))()
	require.Error(t, err)
	assert.Contains(t, err.Error(), "connection refused")
	presentable(t, err)
}

const nobodys = "arn:aws:kms:" + region + ":" + fake.Account + ":key/00000000-0000-0000-0000-000000000001"

// A host that takes the call and never answers.
func TestNoAnswer(t *testing.T) {
	environment(t, "http://"+servicetest.NoAnswer(t))
	credentials(t, demo)
	_, err := aws.Service{Timeout: 200 * time.Millisecond}.Wrap(t.Context(), key(nobodys), secret)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "no answer within 200ms")

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	begin := time.Now()
	_, err = aws.Service{}.Wrap(ctx, key(nobodys), secret)
	require.Equal(t, context.Canceled, err)
	assert.Less(t, time.Since(begin), 10*time.Second)
}

// A host without a trusted certificate gets no data key.
func TestUntrustedHost(t *testing.T) {
	other := servicetest.Untrusted(t, fake.New)
	environment(t, other.URL())
	credentials(t, demo)
	err := tryWrap(t, key(nobodys))()
	require.Error(t, err)
	assert.Contains(t, err.Error(), "certificate signed by unknown authority")
	presentable(t, err)
}

func tryWrap(t *testing.T, k *keys.Stanza) func() error {
	return func() error { _, err := aws.Service{}.Wrap(t.Context(), k, secret); return err }
}

func tryUnwrap(t *testing.T, s *keys.Stanza) func() error {
	return func() error { _, err := aws.Service{}.Unwrap(t.Context(), s); return err }
}

// presentable demands one line without secrets, and without the request that AWS
// repeats.
func presentable(t *testing.T, err error) {
	t.Helper()
	servicetest.Presentable(t, err, string(secret), "not-her-secret-key", "Canonical", "x-amz")
}

func TestFakePrintsNothing(t *testing.T) {
	prepare := func() string { server, _ := newUser(t); return server.AddKey(region) }
	servicetest.PrintsNothing(t, prepare, func(arn string) {
		s := wrap(t, key(arn))
		unwraps(t, s)
		s.Wrapped = "AQID"
		require.Error(t, tryUnwrap(t, s)())
	})
}

// AWS's library prints a warning if the metadata service of a machine knows only the
// first version of its protocol.
func TestNothingIsPrinted(t *testing.T) {
	server, user := newUser(t)
	s := wrap(t, key(server.AddKey(region)))

	var asked atomic.Bool
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet:
			w.WriteHeader(http.StatusNotFound)
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			asked.Store(true)
			fmt.Fprint(w, "machine")
		default:
			fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":%q,"SecretAccessKey":%q,"Expiration":"2999-01-01T00:00:00Z"}`, user.AccessKeyID, user.SecretAccessKey)
		}
	}))
	t.Cleanup(metadata.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)

	printed, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	stderr := os.Stderr
	os.Stderr = printed
	t.Cleanup(func() { os.Stderr = stderr; _ = printed.Close() })
	unwraps(t, s)
	assert.True(t, asked.Load())
	text, err := os.ReadFile(printed.Name())
	require.NoError(t, err)
	assert.Empty(t, string(text))
}

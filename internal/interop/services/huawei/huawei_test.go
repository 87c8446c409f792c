package huawei_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/internal/test/fake/hckms"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keystest"
	"github.com/sealcfg/sealcfg/services/huawei"
)

var service *hckms.Server

func TestMain(m *testing.M) { servicetest.Main(m, &service, hckms.New) }

func stanza(id string) *keys.Stanza {
	return &keys.Stanza{Type: "hckms", Fields: []keys.Field{{Name: "key_id", Value: id}}}
}

func provider(t *testing.T) keys.Provider {
	t.Helper()
	servicetest.NeedTrust(t)
	p, err := keys.Default.Provider("hckms")
	require.NoError(t, err, "the import registers it")
	return p
}

func TestSuiteWithFake(t *testing.T) {
	keystest.Test(t, keystest.Setup{Provider: provider(t), Key: stanza(hckms.Key)})
}

func TestBothWaysWithSopsAndFake(t *testing.T) {
	provider(t)
	servicetest.BothWays(t, "hckms: ["+hckms.Key+"]")
}

var dataKey = []byte("canary: a data key of 32 bytes..")

// failure wraps and returns the error, which is one line without a secret.
func failure(t *testing.T, ctx context.Context, id string) error {
	t.Helper()
	r, err := provider(t).StanzaRecipient(stanza(id))
	require.NoError(t, err)
	_, err = r.Wrap(ctx, dataKey)
	servicetest.Presentable(t, err, string(dataKey), hckms.SecretKey, "canary")
	assert.Contains(t, err.Error(), id)
	return err
}

func TestRefusals(t *testing.T) {
	assert.Contains(t, failure(t, t.Context(), hckms.Denied).Error(), "403 KMS.0303: You do not have permission to perform this operation.")
	assert.Contains(t, failure(t, t.Context(), hckms.Region+":nobody").Error(), "404 KMS.0306: CMK does not exist.")
	assert.Contains(t, failure(t, t.Context(), "no-region").Error(), "invalid key ID format: expected 'region:key-uuid'")
	assert.Contains(t, failure(t, t.Context(), "nowhere:nobody").Error(), "region id 'nowhere' is not in the following supported regions")
}

func TestRefusedLogin(t *testing.T) {
	t.Run("secret key", func(t *testing.T) {
		t.Setenv("HUAWEICLOUD_SDK_SK", "canary-that-is-wrong")
		assert.Contains(t, failure(t, t.Context(), hckms.Key).Error(), "401 APIGW.0301: Incorrect IAM authentication information: verify aksk signature fail")
	})
	t.Run("access key", func(t *testing.T) {
		t.Setenv("HUAWEICLOUD_SDK_AK", "AKOFNOBODY")
		assert.Contains(t, failure(t, t.Context(), hckms.Key).Error(), "401 APIGW.0301: Incorrect IAM authentication information: the access key is unknown")
	})
	t.Run("project", func(t *testing.T) {
		t.Setenv("HUAWEICLOUD_SDK_PROJECT_ID", "another")
		assert.Contains(t, failure(t, t.Context(), hckms.Key).Error(), "400 KMS.0201: ")
	})
}

// Without a project, the library requests it from IAM. If that fails, Huawei's
// library panics, and sops with it.
func TestProjectIsLookedUp(t *testing.T) {
	t.Setenv("HUAWEICLOUD_SDK_PROJECT_ID", "")
	t.Run("refused", func(t *testing.T) {
		t.Setenv("HUAWEICLOUD_SDK_SK", "canary-that-is-wrong")
		assert.Contains(t, failure(t, t.Context(), hckms.Key).Error(), "failed to get project id of region 'demo-west-1' automatically")
	})
	t.Run("unreachable", func(t *testing.T) {
		t.Setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", "https://127.0.0.1:9")
		assert.Contains(t, failure(t, t.Context(), hckms.Key).Error(), "connection refused")
	})
	t.Run("found", func(t *testing.T) {
		keystest.Test(t, keystest.Setup{Provider: provider(t), Key: stanza(hckms.Key)})
	})
}

func TestCredentialsFile(t *testing.T) {
	for _, name := range []string{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_PROJECT_ID"} {
		t.Setenv(name, "")
	}
	path := filepath.Join(t.TempDir(), "credentials")
	require.NoError(t, os.WriteFile(path, []byte("[basic]\nak = "+hckms.AccessKey+"\nsk = "+hckms.SecretKey+"\nproject_id = "+hckms.Project+"\n"), 0o600))
	t.Setenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", path)
	keystest.Test(t, keystest.Setup{Provider: provider(t), Key: stanza(hckms.Key)})
}

// A stanza does not unwrap if its key is replaced by another key of the same user.
func TestWrongKey(t *testing.T) {
	provider(t)
	wrapped, err := huawei.Service{}.Wrap(t.Context(), stanza(hckms.Key), dataKey)
	require.NoError(t, err)
	wrong := stanza(hckms.OtherKey)
	wrong.Wrapped = wrapped.Wrapped
	_, err = huawei.Service{}.Unwrap(t.Context(), wrong)
	require.EqualError(t, err, "400 KMS.0310: Invalid ciphertext.")
}

// No process listens on the discard port of this machine. The library caches the
// host of a region, so each test uses a different region.
func TestUnreachable(t *testing.T) {
	t.Setenv("HUAWEICLOUD_SDK_REGION_KMS_DEMO_DOWN_1", "https://127.0.0.1:9")
	begin := time.Now()
	assert.Contains(t, failure(t, t.Context(), "demo-down-1:nobody").Error(), "connection refused")
	assert.Less(t, time.Since(begin), 10*time.Second)
}

// A service that accepts the connection and never answers delays the caller no
// longer than the limit, although the library ignores the context. After the
// library gives up, the next call succeeds.
func TestSilentService(t *testing.T) {
	t.Run("silent", func(t *testing.T) {
		t.Setenv("HUAWEICLOUD_SDK_REGION_KMS_DEMO_SILENT_1", "https://"+servicetest.NoAnswer(t))
		for range 2 { // the second one waits for its turn
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			begin := time.Now()
			require.ErrorIs(t, failure(t, ctx, "demo-silent-1:nobody"), context.DeadlineExceeded)
			assert.Less(t, time.Since(begin), 5*time.Second)
		}
	})
	_, err := huawei.Service{}.Wrap(t.Context(), stanza(hckms.Key), dataKey)
	require.NoError(t, err)
}

// A host without a trusted certificate gets no data key.
func TestUntrustedHost(t *testing.T) {
	other := servicetest.Untrusted(t, hckms.New)
	t.Setenv("HUAWEICLOUD_SDK_REGION_KMS_DEMO_OTHER_1", other.URL())
	assert.Contains(t, failure(t, t.Context(), "demo-other-1:nobody").Error(), "certificate signed by unknown authority")
}

// Huawei's library caches the hosts of regions in a map without a lock.
func TestRegionsAtOnce(t *testing.T) {
	p := provider(t)
	var all sync.WaitGroup
	for i := range 8 {
		t.Setenv(fmt.Sprintf("HUAWEICLOUD_SDK_REGION_KMS_DEMO_EAST_%d", i), service.URL())
	}
	for i := range 8 {
		all.Go(func() {
			_, uuid, _ := strings.Cut(hckms.Key, ":")
			r, err := p.StanzaRecipient(stanza(fmt.Sprintf("demo-east-%d:%s", i, uuid)))
			if assert.NoError(t, err) {
				_, err = r.Wrap(t.Context(), dataKey)
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
}

// Package huawei wraps data keys with keys of Huawei Cloud KMS (DEW). Import it for
// its side effect, in the manner of a database/sql driver:
//
//	import _ "github.com/sealcfg/sealcfg/services/huawei"
//
// A stanza's key_id is region:uuid. Each call contacts
// kms.<region>.myhuaweicloud.com to encrypt or decrypt. It signs requests with the
// first of these credentials:
//
//   - $HUAWEICLOUD_SDK_AK and $HUAWEICLOUD_SDK_SK, with
//     $HUAWEICLOUD_SDK_SECURITY_TOKEN if they are temporary
//   - ~/.huaweicloud/credentials, or the file in $HUAWEICLOUD_SDK_CREDENTIALS_FILE
//   - the metadata server of a machine in Huawei's cloud (169.254.169.254)
//
// Without $HUAWEICLOUD_SDK_PROJECT_ID, or project_id in the file, the library
// fetches the project of the region from iam.<region>.myhuaweicloud.com or the host
// in $HUAWEICLOUD_SDK_IAM_ENDPOINT. $HUAWEICLOUD_SDK_REGION_KMS_<REGION> and the
// file ~/.huaweicloud/regions.yaml ($HUAWEICLOUD_SDK_REGIONS_FILE) name other hosts
// for a region. Huawei's library reads the host of a region once in a process.
package huawei

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/getsops/sops/v3/hckms"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keycall"
)

func init() {
	keys.Default.Register(keys.ServiceProvider(Service{}))
}

// Service is Huawei Cloud KMS as a [keys.Service], for a custom registry.
type Service struct{}

// Type returns "hckms".
func (Service) Type() string { return hckms.KeyTypeIdentifier }

// Wrap encrypts secret with the key that key_id names.
func (Service) Wrap(ctx context.Context, key *keys.Stanza, secret []byte) (*keys.Stanza, error) {
	plain := bytes.Clone(secret) // an abandoned call may still read it
	k, err := call(ctx, key, [][]byte{plain}, func(ctx context.Context, k *hckms.MasterKey) (string, error) {
		err := k.EncryptContext(ctx, plain)
		return k.EncryptedKey, err
	})
	if err != nil {
		return nil, err
	}
	return &keys.Stanza{Type: key.Type, Fields: key.Fields, Wrapped: k}, nil
}

// Unwrap decrypts the stanza's data key.
func (Service) Unwrap(ctx context.Context, s *keys.Stanza) ([]byte, error) {
	return call(ctx, s, nil, func(ctx context.Context, k *hckms.MasterKey) ([]byte, error) {
		return k.DecryptContext(ctx)
	})
}

// turn is held by the one call that is under way: Huawei's library keeps the
// hosts of regions in a map, and completes them in place, without a lock.
var turn = make(chan struct{}, 1)

func call[T any](ctx context.Context, s *keys.Stanza, quotable [][]byte, do func(context.Context, *hckms.MasterKey) (T, error)) (T, error) {
	return keycall.Do(ctx, describe, quotable, func(ctx context.Context) (none T, _ error) {
		k, err := hckms.NewMasterKey(s.Field("key_id"))
		if err != nil {
			return none, err
		}
		k.EncryptedKey = s.Wrapped
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return none, context.Cause(ctx)
		}
		return do(ctx, k)
	})
}

// describe returns the answer of the service, or the reason why it could not be
// reached.
func describe(err error) string {
	var answer *sdkerr.ServiceResponseError
	var transport *url.Error
	switch {
	case errors.As(err, &answer):
		return fmt.Sprintf("%d %s: %s", answer.StatusCode, answer.ErrorCode, answer.ErrorMessage)
	case errors.As(err, &transport):
		return transport.Err.Error()
	}
	return ""
}

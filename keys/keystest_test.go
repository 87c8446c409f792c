package keys_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/keystest"
)

func TestAgePassesTheSuite(t *testing.T) {
	p, err := keys.Default.Provider(keys.AgeType)
	require.NoError(t, err)
	keystest.Test(t, keystest.Setup{
		Provider: p,
		Key:      &keys.Stanza{Type: keys.AgeType, Fields: []keys.Field{{Name: "recipient", Value: alicePublic}}},
		Source: keys.Source{LookupEnv: func(name string) (string, bool) {
			return aliceKey, name == keys.EnvAgeKey
		}},
	})
}

package keys_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/keys"
)

// Demo identities, made for these tests. They protect no data.
const (
	aliceKey    = "AGE-SECRET-KEY-1C54Q8WF6U4WGDAJ0H3T7T376ZQWHW8LRZKQ58F3SPCTATGQHQ2TSLDXN9L"
	alicePublic = "age1yusnsgd7fzt3zfq823knc59v8hkmnzl3m47l6evn3h0z6urvuugsnxef95"
	bobKey      = "AGE-SECRET-KEY-1GXRKRHN292S0D9LP2MJ360EVEQUC24DQVQYFEREH9HCNN8SW2UVSCDP0SL"
	bobPublic   = "age1yxj34upnspfucvat5wd0n9c7wzn39aqljxngwkqwhl96g7xnh3eqkhrkdy"
	hybridKey   = "AGE-SECRET-KEY-PQ-1KL84UKZHQZDH6Z9U4E88DQNWWDUYDZE53N32M0VTWEPJFZD6QCZQD3Z0JE"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func identity(t testing.TB, text string) keys.Identity {
	t.Helper()
	id, err := keys.ParseAgeIdentity(text)
	require.NoError(t, err)
	return id
}

func public(id keys.Identity) string { return id.(keys.Recipienter).Recipient() }

func recipient(t testing.TB, text string) keys.Recipient {
	t.Helper()
	r, err := keys.ParseAgeRecipient(text)
	require.NoError(t, err)
	return r
}

func wrap(t testing.TB, to string) *keys.Stanza {
	t.Helper()
	s, err := recipient(t, to).Wrap(t.Context(), secret)
	require.NoError(t, err)
	return s
}

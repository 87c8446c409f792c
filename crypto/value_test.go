package crypto_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg/crypto"
)

func TestCanonical(t *testing.T) {
	for _, v := range []struct {
		typ        crypto.Type
		text, want string
	}{
		{crypto.Str, " x\n", " x\n"}, {crypto.Comment, "", ""},
		{crypto.Int, "5", "5"}, {crypto.Int, "-9223372036854775808", "-9223372036854775808"}, {crypto.Int, "007", "7"}, {crypto.Int, "-0", "0"},
		{crypto.Float, "1.0", "1"}, {crypto.Float, "1e3", "1000"}, {crypto.Float, "-0", "-0"}, {crypto.Float, "0.1", "0.1"},
		{crypto.Float, "1e300", "1" + strings.Repeat("0", 300)}, {crypto.Float, "+Inf", "+Inf"}, {crypto.Float, "-inf", "-Inf"}, {crypto.Float, "nan", "NaN"},
		{crypto.Bool, "true", "True"}, {crypto.Bool, "False", "False"}, {crypto.Bool, "1", "True"},
		{crypto.Time, "2024-01-31T00:00:00Z", "2024-01-31T00:00:00Z"}, {crypto.Time, "2024-01-31T12:00:00.500+02:00", "2024-01-31T12:00:00.5+02:00"},
	} {
		got, err := crypto.Canonical(v.typ, v.text)
		require.NoError(t, err, "%s %s", v.typ, v.text)
		assert.Equal(t, v.want, got)
		again, err := crypto.Canonical(v.typ, got)
		require.NoError(t, err)
		assert.Equal(t, got, again)
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for _, v := range []struct {
		typ  crypto.Type
		text string
	}{
		{crypto.Int, "hunter2"}, {crypto.Int, "1.5"}, {crypto.Int, "9223372036854775808"}, {crypto.Int, ""}, {crypto.Int, "0x1F"}, {crypto.Int, "1_0"},
		{crypto.Float, "hunter2"}, {crypto.Float, "1e400"}, {crypto.Bool, "hunter2"}, {crypto.Bool, "yes"},
		{crypto.Time, "hunter2"}, {crypto.Time, "2024-01-31"},
	} {
		_, err := crypto.Canonical(v.typ, v.text)
		require.ErrorIs(t, err, crypto.ErrBadValue)
		assert.Equal(t, "not a value of its type "+string(v.typ), err.Error(), "the text is not repeated")
	}
	_, err := crypto.Canonical("bytes", "hunter2")
	require.EqualError(t, err, `unknown type "bytes"`)
}

func TestFormat(t *testing.T) {
	assert.Equal(t, "0.0000000015", crypto.FormatFloat(1.5e-9))
	assert.Equal(t, "NaN", crypto.FormatFloat(math.NaN()))
	assert.Equal(t, "True", crypto.FormatBool(true))
	assert.Equal(t, "False", crypto.FormatBool(false))
	text, err := crypto.FormatTime(time.Date(2024, 1, 31, 12, 0, 0, 5, time.UTC))
	require.NoError(t, err)
	assert.Equal(t, "2024-01-31T12:00:00.000000005Z", text)
	_, err = crypto.FormatTime(time.Date(12024, 1, 31, 0, 0, 0, 0, time.UTC))
	require.ErrorIs(t, err, crypto.ErrBadValue)
	assert.NotContains(t, err.Error(), "12024")
}

package settings_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
)

type evenNumber int

func (n evenNumber) Validate() error {
	if n%2 != 0 {
		return errors.New("is odd")
	}
	return nil
}

func TestOptional(t *testing.T) {
	type settings struct {
		Unset, Null, Set sealcfg.Optional[int]
		Default          sealcfg.Optional[string] `default:"x"`
		Secret           sealcfg.Optional[sealcfg.Secret[string]]
		Hidden           sealcfg.Secret[sealcfg.Optional[string]]
		Group            sealcfg.Optional[one]
		List             sealcfg.Optional[[]int]
		Even             sealcfg.Optional[evenNumber]
	}
	got, err := loadYAML[settings](t, "\"null\": ~\nset: 3\nsecret: hunter2\nhidden: hunter3\ngroup: {a: x}", "APP_LIST=1,2")
	require.NoError(t, err)

	v, ok := got.Set.Get()
	assert.Equal(t, 3, v)
	assert.True(t, ok)
	assert.Equal(t, 3, got.Set.Or(9))
	assert.False(t, got.Set.IsNull())
	assert.False(t, got.Set.IsZero())
	for name, o := range map[string]sealcfg.Optional[int]{"unset": got.Unset, "null": got.Null} {
		v, ok := o.Get()
		assert.Zero(t, v)
		assert.False(t, ok)
		assert.Equal(t, 9, o.Or(9))
		assert.Equal(t, name == "null", o.IsNull())
		assert.Equal(t, name == "unset", o.IsZero())
	}
	assert.Equal(t, sealcfg.NewOptional("x"), got.Default)
	secret, ok := got.Secret.Get()
	assert.True(t, ok)
	assert.Equal(t, "hunter2", secret.Expose())
	assert.Equal(t, sealcfg.NewOptional("hunter3"), got.Hidden.Expose())
	assert.Equal(t, sealcfg.NewOptional(one{"x"}), got.Group)
	assert.Equal(t, sealcfg.NewOptional([]int{1, 2}), got.List)
	assert.True(t, got.Even.IsZero())
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", got, *got, *got), "hunter")

	_, err = loadYAML[settings](t, "set: x\ngroup: {}\neven: 3\nlist: [x]")
	assert.Equal(t, []string{
		"set environments/prod.yaml:1:6 expected int, got an encrypted string; remove the quotes",
		"list[0] environments/prod.yaml:4:8 expected int, got an encrypted string; remove the quotes",
		"even environments/prod.yaml:3:7 is odd",
		"group.a not set set group.a in environments/prod.yaml or $APP_GROUP__A",
	}, problemsOf(t, err))
}

func TestOptionalPrintsLikeItsValue(t *testing.T) {
	unset, null := sealcfg.Optional[int]{}, sealcfg.Optional[int]{}
	require.NoError(t, json.Unmarshal([]byte("null"), &null))
	assert.True(t, null.IsNull())
	set, secret := sealcfg.NewOptional(42), sealcfg.NewOptional(sealcfg.NewSecret("canary"))
	for want, got := range map[string]string{
		"42":         fmt.Sprint(set),
		"   2a|+42":  fmt.Sprintf("%5x|%+d", set, set),
		`"a"`:        fmt.Sprintf("%q", sealcfg.NewOptional("a")),
		"<unset>":    fmt.Sprint(unset),
		"<null>":     fmt.Sprintf("%d", null),
		"[secret]":   fmt.Sprintf("%#v", secret),
		"{[secret]}": fmt.Sprintf("%v", struct{ V any }{secret}),
	} {
		assert.Equal(t, want, got)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "set", set, "secret", secret, "unset", unset)
	assert.Contains(t, log.String(), "set=42 secret=[secret] unset=<unset>")

	all := struct {
		Set    sealcfg.Optional[int]
		Null   sealcfg.Optional[int]
		Unset  sealcfg.Optional[int]
		Gone   sealcfg.Optional[int] `json:",omitzero"`
		Secret sealcfg.Optional[sealcfg.Secret[string]]
		held   sealcfg.Optional[sealcfg.Secret[string]]
	}{Set: set, Null: null, Secret: secret, held: secret}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Set": 42, "Null": null, "Unset": null, "Secret": "[secret]"}`, string(text))
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", all, all, all), "canary")

	var back sealcfg.Optional[int]
	require.NoError(t, json.Unmarshal([]byte("42"), &back))
	assert.Equal(t, set, back)
	require.Error(t, json.Unmarshal([]byte(`"x"`), &back))
	y, err := set.MarshalYAML()
	require.NoError(t, err)
	assert.Equal(t, 42, y)
	y, err = unset.MarshalYAML()
	require.NoError(t, err)
	assert.Nil(t, y)
}

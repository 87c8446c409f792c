package envfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/envfile"
)

func TestUnsealed(t *testing.T) {
	for _, c := range []struct {
		format envfile.Format
		text   string
		want   bool
	}{
		{envfile.YAML, "", true},
		{envfile.YAML, "~", true},
		{envfile.YAML, "a: 1", true},
		{envfile.YAML, "1: 18446744073709551615", true},
		{envfile.YAML, "a: {sops: 1}\n---\nsops: {}", true},
		{envfile.YAML, "a: 1\nsops: {}", false},
		{envfile.YAML, "a: 1\na: 2", false},
		{envfile.YAML, "a: [{b: 1, b: 2}]", false},
		{envfile.YAML, "[1]", false},
		{envfile.YAML, "text", false},
		{envfile.YAML, "a: [", false},
		{envfile.JSON, `{"a": 1, "a": 2} trailing`, true},
		{envfile.JSON, `{"sops": {}}`, false},
		{envfile.JSON, `[]`, false},
		{envfile.Dotenv, "A=1", false},
	} {
		assert.Equal(t, c.want, envfile.Unsealed(c.format, []byte(c.text)), "%s %q", c.format.Name(), c.text)
	}
}

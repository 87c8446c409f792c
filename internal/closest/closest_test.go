package closest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/internal/closest"
)

func TestOf(t *testing.T) {
	envs := []string{"dev", "test", "staging", "prod"}
	for _, c := range []struct {
		word string
		from []string
		want string
	}{
		{"prdo", envs, "prod"},
		{"PROD", envs, "prod"},
		{"stagign", envs, "staging"},
		{"tst", envs, "test"},
		{"production", envs, "prod"},
		{"stag", envs, "staging"},
		{"qa", envs, ""},
		{"x", envs, ""},
		{"", envs, ""},
		{"prod", nil, ""},
		{"encrypted_regexx", []string{"unencrypted_regex", "encrypted_regex"}, "encrypted_regex"},
		{"dbHost", []string{"db_hosts", "db_host"}, "db_host"},
		// Case decides before distance does.
		{"abc", []string{"abd", "ABC"}, "ABC"},
		// A shared beginning must be of one candidate only.
		{"data", []string{"database_url", "database_name"}, ""},
		{"größe", []string{"grösse", "größen"}, "größen"},
	} {
		t.Run(c.word, func(t *testing.T) {
			got, ok := closest.Of(c.word, c.from)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.want != "", ok)
		})
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"abc", "abc", 0},
		{"abc", "acb", 1},
		{"abc", "abd", 1},
		{"creation_rule", "creation_rules", 1},
		{"kitten", "sitting", 3},
		{"größe", "große", 1},
	} {
		assert.Equal(t, c.want, closest.Distance(c.a, c.b), "%q %q", c.a, c.b)
		assert.Equal(t, c.want, closest.Distance(c.b, c.a), "%q %q", c.b, c.a)
	}
}

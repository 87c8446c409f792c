package sealcfg

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{
		"Host": "host", "HTTPPort": "http_port", "UserID": "user_id", "DB": "db", "DBHost": "db_host", "APIKey": "api_key",
		"Port2": "port2", "OAuth2Token": "o_auth2_token", "Already_Split": "already_split", "X": "x", "ÄrgerLog": "ärger_log",
	} {
		assert.Equal(t, want, snakeCase(name), name)
	}
}

func TestVariableName(t *testing.T) {
	for name, want := range map[string]string{"api_key": "API_KEY", "api-key": "API_KEY", "a.b c": "A_B_C", "port2": "PORT2"} {
		assert.Equal(t, want, variableName(name), name)
	}
}

package naming_test

import (
	"go/token"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/internal/naming"
)

func TestNames(t *testing.T) {
	for file, code := range map[string]string{
		"port": "Port", "http_port": "HTTPPort", "db": "DB", "api_key": "APIKey", "max_size": "MaxSize", "user_id": "UserID", "timeout2": "Timeout2",
		"base_url": "BaseURL", "url_base": "URLBase",
	} {
		assert.Equal(t, code, naming.Exported(file))
		assert.Equal(t, file, naming.Snake(code))
	}
	for file, code := range map[string]string{ // these need a tag
		"api-key": "APIKey", "camelCase": "CamelCase", "2fast": "X2fast", "": "X", "a.b": "AB", "größe": "Größe", "名前": "X名前", "api_url": "APIUrl", "_x": "X",
	} {
		assert.Equal(t, code, naming.Exported(file), file)
	}
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"Host": "host", "HTTPPort": "http_port", "UserID": "user_id", "DB": "db", "DBHost": "db_host", "APIKey": "api_key",
		"Port2": "port2", "OAuth2Token": "o_auth2_token", "Already_Split": "already_split", "X": "x", "ÄrgerLog": "ärger_log",
	} {
		assert.Equal(t, want, naming.Snake(name), name)
	}
}

func FuzzExported(f *testing.F) {
	for _, seed := range []string{"http_port", "2", "日本", "\xff", "ǅ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := naming.Exported(name)
		if !token.IsIdentifier(got) || !token.IsExported(got) {
			t.Errorf("%q: %q", name, got)
		}
	})
}

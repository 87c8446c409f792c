package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVariableName(t *testing.T) {
	for name, want := range map[string]string{"api_key": "API_KEY", "api-key": "API_KEY", "a.b c": "A_B_C", "port2": "PORT2"} {
		assert.Equal(t, want, VariableName(name), name)
	}
}

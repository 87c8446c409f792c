package pattern_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/internal/pattern"
)

func TestCompiledOnceOnDemand(t *testing.T) {
	digits := pattern.New(`^[0-9]+$`)
	assert.True(t, digits().MatchString("42"))
	assert.False(t, digits().MatchString("4x"))
	assert.Same(t, digits(), digits())

	broken := pattern.New(`(`)
	assert.Panics(t, func() { broken() })
}

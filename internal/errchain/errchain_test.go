package errchain_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/internal/errchain"
)

func TestAll(t *testing.T) {
	t.Parallel()
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	var got []string
	for err := range errchain.All(fmt.Errorf("1: %w", errors.Join(fmt.Errorf("2: %w, %w", a, b), nil, c))) {
		got = append(got, err.Error())
	}
	assert.Equal(t, []string{"1: 2: a, b\nc", "2: a, b\nc", "2: a, b", "a", "b", "c"}, got)
	for range errchain.All(nil) {
		t.Error("nil has no chain")
	}
	for err := range errchain.All(fmt.Errorf("%w, %w", a, b)) {
		if err == a {
			break
		}
	}
}

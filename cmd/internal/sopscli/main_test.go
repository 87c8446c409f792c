package sopscli

import (
	"context"
	"os"
	"testing"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
)

// TestMain makes the test binary also the shim: tests run it through a link named sops.
func TestMain(m *testing.M) {
	if Called(os.Args[0]) {
		os.Exit(cli.Main(func(ctx context.Context, a *cli.App) int { return Run(ctx, a, os.Args[1:]) }))
	}
	os.Exit(clitest.M{M: m}.Run())
}

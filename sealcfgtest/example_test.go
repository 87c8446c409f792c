package sealcfgtest_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

// What a test of a program gets: in a real one, t is its parameter.
var t = &exampleTest{}

type exampleTest struct{ testing.T }

func (*exampleTest) Helper() {}

func (*exampleTest) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func ExampleAssertNoLeak() {
	type Settings struct {
		User  string
		Token sealcfg.Secret[string]
	}
	settings := Settings{User: "alice", Token: sealcfg.NewSecret("correct horse")}

	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("starting", "settings", settings)
	sealcfgtest.AssertNoLeak(t, settings, log.String()) // all is well

	logger.Info("asking", "authorization", settings.Token.Expose())
	sealcfgtest.AssertNoLeak(t, settings, log.String())
	// Output: output 1 shows sealcfgtest_test.Settings.Token, as it is
}

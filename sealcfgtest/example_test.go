package sealcfgtest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

// The t of a test: in a real test, it is the parameter.
var t = &exampleTest{}

type exampleTest struct{ testing.T }

func (*exampleTest) Helper() {}

func (*exampleTest) Context() context.Context { return context.Background() }

func (*exampleTest) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func ExampleLoad() {
	type Settings struct {
		DB struct {
			Host string `default:"localhost"`
			Port uint16
		}
	}
	settings := sealcfgtest.Load[Settings](t, map[string]any{"db.port": 5432})
	fmt.Println(settings.DB.Host, settings.DB.Port)
	// Output: localhost 5432
}

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
	// Output: output 1 shows sealcfgtest_test.Settings.Token, unchanged
}

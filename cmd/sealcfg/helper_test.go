package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sealcfg/sealcfg/cmd/internal/kmstest"
	"github.com/sealcfg/sealcfg/cmd/internal/kmswire"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
)

// demoHelper is a sealcfg-kms for scripts. It speaks the protocol, and its services encrypt under demo
// keys. $KMS_ROLE makes it misbehave, and it logs each request to $KMS_LOG.
func demoHelper() int {
	log, err := os.OpenFile(os.Getenv("KMS_LOG"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 9
	}
	fmt.Fprintln(log, "started")
	switch os.Getenv("KMS_ROLE") {
	case "dies":
		return 7
	case "garbage":
		fmt.Println("Usage: secret-canary")
	case "old":
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		fmt.Println(`{"protocol":99}`)
	case "silent":
		time.Sleep(time.Minute)
	default:
		var services []keys.Service
		for _, t := range keys.Types() {
			services = append(services, kmstest.Service{Kind: t, Log: log})
		}
		kmswire.LeaveSignals()
		err := kmswire.Serve(context.Background(), os.Stdin, os.Stdout, "demo", services)
		fmt.Fprintln(log, "ended")
		if err != nil {
			return 1
		}
		return 0
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// have evaluates a script's condition for a service that may be missing. In CI it must not be missing.
func have(path, what string) (bool, error) {
	if path == "" && os.Getenv(servicetest.EnvRequired) == "required" {
		return false, fmt.Errorf("%s is missing, and $%s says that it must be there", what, servicetest.EnvRequired)
	}
	return path != "", nil
}

// endAgents ends the agents that gpg started for a script.
func endAgents(work string) {
	for _, home := range []string{"gpg", "nobody"} {
		dir := filepath.Join(work, home)
		if _, err := os.Stat(dir); err == nil {
			_ = servicetest.EndAgents(dir) // if they are gone already, so be it
		}
	}
}

// The programs that tests build.
var (
	helperProgram = builder("../sealcfg-kms")
	fakesProgram  = builder("../../internal/test/fake/cmd/fakes")

	buildFolder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "sealcfg-test") })
)

// builder builds a program when the first test needs it: linking takes a while.
func builder(source string) func() (path string, err error) {
	return sync.OnceValues(func() (string, error) {
		dir, err := buildFolder()
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, filepath.Base(source))
		out, err := exec.Command("go", "build", "-o", path, source).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", source, err, out)
		}
		return path, nil
	})
}

// tidyMain removes the built programs after the tests.
type tidyMain struct{ *testing.M }

func (m tidyMain) Run() int {
	code := m.M.Run()
	if dir, err := buildFolder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	return code
}

// realHelper installs the real sealcfg-kms in a directory.
func realHelper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: realhelper DIR")
	}
	path, err := helperProgram()
	ts.Check(err)
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.Symlink(path, filepath.Join(dir, kmswire.Program)))
}

// startFakes starts the fakes for cloud services. It sets the variables that point to them, and $KEY_… to
// the names of their keys.
func startFakes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: fakes")
	}
	path, err := fakesProgram()
	ts.Check(err)
	var report struct{ Variables, Keys map[string]string }
	stop, err := servicetest.Launch(&report, path)
	ts.Check(err)
	ts.Defer(func() { ts.Check(stop()) })
	for name, value := range report.Variables {
		ts.Setenv(name, value)
	}
	for name, key := range report.Keys {
		ts.Setenv("KEY_"+name, key)
	}
}

// startVault starts HashiCorp Vault. It sets the token, and $KEY_hc_vault_transit_uri to the name of a key.
func startVault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: vault")
	}
	v, stop, err := servicetest.LaunchVault(os.Getenv(servicetest.EnvVault))
	ts.Check(err)
	ts.Defer(func() { ts.Check(stop()) })
	ts.Setenv("VAULT_TOKEN", v.Token)
	ts.Setenv("KEY_hc_vault_transit_uri", v.Address+"/v1/transit/keys/app")
}

// helper installs the demo helper as sealcfg-kms in a directory on PATH.
func helper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: helper DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, kmswire.Program), []byte("#!/bin/sh\nexec kms-demo\n"), 0o755))
	ts.Setenv("KMS_LOG", ts.MkAbs("kms.log"))
}

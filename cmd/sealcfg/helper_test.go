package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sealcfg/sealcfg/cmd/internal/clitest"
	"github.com/sealcfg/sealcfg/internal/test/servicetest"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/sealcfg/sealcfg/keys/kmswire"
	"github.com/sealcfg/sealcfg/keys/kmswire/kmstest"
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

// endAgents ends the agents that gpg started for a script.
func endAgents(work string) {
	for _, home := range []string{"gpg", "nobody"} {
		dir := filepath.Join(work, home)
		if _, err := os.Stat(dir); err == nil {
			_ = servicetest.EndAgents(dir) // if they are gone already, so be it
		}
	}
}

// realHelper installs the real sealcfg-kms in a directory.
func realHelper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: realhelper DIR")
	}
	path, err := clitest.KMSHelper()
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
	path, err := clitest.Fakes()
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

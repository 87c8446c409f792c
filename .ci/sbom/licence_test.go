package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func goCommand(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(append(os.Environ(), "GOWORK="), environ...) // in the workspace
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// Every module that the commands or our packages link has a licence of the list, on
// every system.
func TestLicencesOfAllModules(t *testing.T) {
	found := map[string]int{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		list := goCommand(t, []string{"GOOS=" + system}, "list", "-deps",
			"-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}} {{.Dir}}{{end}}{{end}}", "work")
		for line := range strings.SplitSeq(list, "\n") {
			name, dir, ok := strings.Cut(strings.TrimSpace(line), " ")
			if !ok || found[name] > 0 {
				continue
			}
			ids, err := licencesOf(dir)
			if assert.NoError(t, err, name) {
				found[name] = len(ids)
			}
		}
	}
	t.Logf("%d modules", len(found))
	assert.Greater(t, len(found), 80)
	for _, path := range []string{"filippo.io/age@", "gopkg.in/yaml.v3@", "github.com/spf13/cobra@", "github.com/getsops/sops/v3@"} {
		assert.Contains(t, strings.Join(keysOf(found), "\n"), path)
	}
}

func keysOf(m map[string]int) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

func TestLicencesIn(t *testing.T) {
	const (
		mit = "Permission is hereby granted, free of charge, to any person\nobtaining a copy of … THE SOFTWARE IS PROVIDED “AS IS”"
		bsd = "Redistribution and use in source and binary forms … the above copyright notice …"
	)
	for text, want := range map[string]string{
		mit:                              "MIT",
		bsd:                              "BSD-2-Clause",
		bsd + " Neither the name of X …": "BSD-3-Clause",
		"Apache License\n  Version 2.0, January 2004":                      "Apache-2.0",
		"Mozilla Public License, version 2.0 … GNU General Public License": "MPL-2.0",
		mit + bsd: "MIT BSD-2-Clause",
	} {
		ids, err := licencesIn(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, strings.Join(ids, " "))
	}
	for _, text := range []string{
		"", "All rights reserved.", "GNU GENERAL PUBLIC LICENSE Version 3", "GNU Affero General Public License",
		mit + " GNU Lesser General Public License", mit + " Commons Clause", "Business Source License 1.1",
	} {
		_, err := licencesIn(text)
		assert.ErrorIs(t, err, errUnknownLicence, text)
	}
}

func TestLicencesOf(t *testing.T) {
	dir := t.TempDir()
	_, err := licencesOf(dir)
	require.ErrorIs(t, err, errNoLicence)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "LICENSE"), []byte("Apache License Version 2.0, January 2004"), 0o600))
	ids, err := licencesOf(dir)
	require.NoError(t, err)
	assert.Equal(t, []string{"Apache-2.0"}, ids)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "COPYING"), []byte("GNU General Public License"), 0o600))
	_, err = licencesOf(dir)
	require.ErrorIs(t, err, errUnknownLicence)
	require.ErrorContains(t, err, "COPYING")
}

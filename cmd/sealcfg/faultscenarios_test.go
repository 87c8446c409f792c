//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A faultScenario is a command and the project that it changes.
type faultScenario struct {
	name    string
	args    []string
	stdin   string
	prepare func(*testing.T, *faultBed)
	plain   []string // files that hold plaintext, temporarily or permanently
	// done is the message of a command that fails because its work is done already.
	done string
	// mounted is a mounted file. It cannot be replaced, only written in place.
	mounted string
	most    int  // maximum number of points to test; 0 means all
	slow    bool // tested only if all are
}

const (
	password       = "password: " + canaryBefore + "\n"
	jsonPassword   = `{"b": 1, "password": "` + canaryBefore + `"}`
	dotenvPassword = "b=1\npassword=" + canaryBefore + "\n"
	iniPassword    = "[db]\nb = 1\npassword = " + canaryBefore + "\n"
	tomlPassword   = "b = 1\npassword = '" + canaryBefore + "'\n"
)

// sealedFiles creates n encrypted files for one recipient.
func sealedFiles(n int) func(*testing.T, *faultBed) {
	return func(t *testing.T, b *faultBed) {
		t.Helper()
		b.run(t, "key", "new", "-q")
		b.write(t, "project/.sops.yaml", "creation_rules:\n  - age: "+b.recipient(t)+"\n")
		for i := range n {
			name := fmt.Sprintf("environments/e%d.yaml", i)
			if i == 0 {
				name = "environments/prod.yaml"
			}
			b.write(t, "project/"+name, fmt.Sprintf("# settings\nname: %d\n%s", i, password))
			b.run(t, "encrypt", "-q", name)
		}
	}
}

// plainFile creates a plaintext file.
func plainFile(name, text string) func(*testing.T, *faultBed) {
	return func(t *testing.T, b *faultBed) {
		t.Helper()
		sealedFiles(0)(t, b)
		b.write(t, "project/environments/"+name, text)
	}
}

// sealedFile creates an encrypted file for one recipient.
func sealedFile(name, text string) func(*testing.T, *faultBed) {
	return func(t *testing.T, b *faultBed) {
		t.Helper()
		plainFile(name, text)(t, b)
		b.run(t, "encrypt", "-q", "environments/"+name)
	}
}

func (b *faultBed) recipient(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(b.run(t, "key", "show"))
}

// Keys for tests; worthless.
const otherRecipient = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"

// thenPolicy encrypts files for some recipients and then changes the policy to others.
func thenPolicy(n int, sealedFor, now string) func(*testing.T, *faultBed) {
	return func(t *testing.T, b *faultBed) {
		t.Helper()
		b.run(t, "key", "new", "-q")
		me := b.recipient(t)
		policy := func(others string) {
			b.write(t, "project/.sops.yaml", "creation_rules:\n  - age: "+me+others+"\n")
		}
		policy(sealedFor)
		for i := range n {
			name := fmt.Sprintf("environments/e%d.yaml", i)
			b.write(t, "project/"+name, fmt.Sprintf("name: %d\n%s", i, password))
			b.run(t, "encrypt", "-q", name)
		}
		policy(now)
	}
}

var faultScenarios = []faultScenario{
	{name: "set", args: []string{"set", "prod", "password", "-"}, stdin: canaryAfter, prepare: sealedFiles(1)},
	{name: "set json", args: []string{"set", "environments/a.json", "password", "-"}, stdin: canaryAfter, prepare: sealedFile("a.json", jsonPassword)},
	{name: "set dotenv", args: []string{"set", "environments/a.env", "password", "-"}, stdin: canaryAfter, prepare: sealedFile("a.env", dotenvPassword)},
	{name: "set ini", args: []string{"set", "environments/a.ini", "db.password", "-"}, stdin: canaryAfter, prepare: sealedFile("a.ini", iniPassword)},
	{name: "set toml", args: []string{"set", "environments/a.toml", "password", "-"}, stdin: canaryAfter, prepare: sealedFile("a.toml", tomlPassword)},
	{name: "unset json", args: []string{"unset", "environments/a.json", "password"}, done: "no such field", prepare: sealedFile("a.json", jsonPassword)},
	{name: "unset dotenv", args: []string{"unset", "environments/a.env", "password"}, done: "no such field", prepare: sealedFile("a.env", dotenvPassword)},
	{name: "unset ini", args: []string{"unset", "environments/a.ini", "db.password"}, done: "no such field", prepare: sealedFile("a.ini", iniPassword)},
	{name: "unset toml", args: []string{"unset", "environments/a.toml", "password"}, done: "no such field", prepare: sealedFile("a.toml", tomlPassword)},
	{name: "rekey json", args: []string{"rekey", "--yes", "environments/a.json"}, prepare: sealedFile("a.json", jsonPassword)},
	{name: "rekey dotenv", args: []string{"rekey", "--yes", "environments/a.env"}, prepare: sealedFile("a.env", dotenvPassword)},
	{name: "rekey toml", args: []string{"rekey", "--yes", "environments/a.toml"}, prepare: sealedFile("a.toml", tomlPassword)},
	{name: "rekey, one value", args: []string{"rekey", "--yes", "environments/a.pem"}, prepare: sealedFile("a.pem", canaryBefore)},
	{name: "unset", args: []string{"unset", "prod", "password"}, prepare: sealedFiles(1), done: "no such field"},
	{name: "edit", args: []string{"edit", "prod"}, prepare: sealedFiles(1)},
	{name: "edit, new", args: []string{"edit", "fresh"}, prepare: func(t *testing.T, b *faultBed) {
		sealedFiles(1)(t, b)
		require.NoError(t, os.Remove(b.path("project/environments/prod.yaml")))
		require.NoError(t, os.Remove(b.path("project/environments")))
	}},
	{name: "encrypt", args: []string{"encrypt", "environments/a.yaml"}, prepare: plainFile("a.yaml", password), plain: []string{"project/environments/a.yaml"}, done: "already encrypted"},
	{name: "encrypt json", args: []string{"encrypt", "environments/a.json"}, prepare: plainFile("a.json", jsonPassword), plain: []string{"project/environments/a.json"}, done: "already encrypted"},
	{name: "encrypt -o", args: []string{"encrypt", "../tmp/plain.yaml", "-o", "environments/a.yaml"}, prepare: func(t *testing.T, b *faultBed) {
		sealedFiles(1)(t, b)
		b.write(t, "tmp/plain.yaml", password)
	}, plain: []string{"tmp/plain.yaml"}, done: "the path is taken"},
	{name: "decrypt -o", args: []string{"decrypt", "prod", "-o", "../tmp/plain.yaml"}, prepare: sealedFiles(1), plain: []string{"tmp/plain.yaml"}},
	{name: "init", args: []string{"init", "--name", "alice"}, prepare: func(*testing.T, *faultBed) {}, most: 350},
	{name: "key new", args: []string{"key", "new"}, prepare: func(*testing.T, *faultBed) {}, done: "an identity is never overwritten"},
	{name: "key new --add", args: []string{"key", "new", "--add"}, prepare: sealedFiles(0)},
	{name: "rekey, 1 file", args: []string{"rekey", "--yes"}, prepare: sealedFiles(1)},
	{name: "rekey, 10 files", args: []string{"rekey", "--yes"}, prepare: sealedFiles(10), most: 150},
	{name: "rekey, 20 files, one person more", args: []string{"rekey", "--yes"}, prepare: thenPolicy(20, "", ","+otherRecipient), most: 80, slow: true},
	{name: "rekey, 20 files, one person less", args: []string{"rekey", "--yes"}, prepare: thenPolicy(20, ","+otherRecipient, ""), most: 80, slow: true},
	{name: "rekey --keep-data-key", args: []string{"rekey", "--yes", "--keep-data-key"}, prepare: thenPolicy(2, "", ","+otherRecipient)},
	{name: "rekey, 100 files", args: []string{"rekey", "--yes"}, prepare: sealedFiles(100), most: 12, slow: true},
	{name: "set, mounted", args: []string{"set", "prod", "password", "-"}, stdin: canaryAfter, prepare: sealedFiles(1), mounted: "project/environments/prod.yaml"},
	{name: "unset, mounted", args: []string{"unset", "prod", "password"}, prepare: sealedFiles(1), done: "no such field", mounted: "project/environments/prod.yaml"},
	{name: "rekey, mounted", args: []string{"rekey", "--yes"}, prepare: thenPolicy(1, "", ","+otherRecipient), mounted: "project/environments/e0.yaml"},
	{name: "sops rotate, mounted", args: []string{"sops", "rotate", "-i", "environments/prod.yaml"}, prepare: sealedFiles(1), mounted: "project/environments/prod.yaml"},
	{name: "sops set", args: []string{"sops", "set", "environments/prod.yaml", `["password"]`, `"` + canaryAfter + `"`}, prepare: sealedFiles(1)},
	{name: "sops unset", args: []string{"sops", "unset", "environments/prod.yaml", `["password"]`}, prepare: sealedFiles(1), done: "no such field"},
	{name: "sops encrypt -i", args: []string{"sops", "encrypt", "-i", "environments/a.yaml"}, prepare: plainFile("a.yaml", password), plain: []string{"project/environments/a.yaml"}, done: "already encrypted"},
	{name: "sops edit", args: []string{"sops", "edit", "environments/prod.yaml"}, prepare: sealedFiles(1), done: "has not changed"},
	{name: "sops rotate", args: []string{"sops", "rotate", "-i", "environments/prod.yaml"}, prepare: sealedFiles(1)},
	{name: "sops updatekeys", args: []string{"sops", "updatekeys", "-y", "environments/e0.yaml"}, prepare: thenPolicy(1, "", ","+otherRecipient)},
}

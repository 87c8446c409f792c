//go:build linux

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

// lockIdentity encrypts the identity of the person with the demo passphrase.
func (p *person) lockIdentity() (path string) {
	p.t.Helper()
	path = filepath.Join(p.home, ".config", "sops", "age", "keys.txt")
	text, err := os.ReadFile(path)
	require.NoError(p.t, err)
	text, err = encryptedIdentity(text)
	require.NoError(p.t, err)
	require.NoError(p.t, os.WriteFile(path, text, 0o600))
	return path
}

// echoes requires that the terminal shows input, as before a prompt.
func (p *person) echoes() {
	p.t.Helper()
	p.runs("stty -a | grep -w -- echo")
	assert.Regexp(p.t, `[^-]\becho\b`, p.sees("exit=0"))
}

func TestPassphraseOfIdentities(t *testing.T) {
	p := newPerson(t)
	path := p.lockIdentity()
	question := "passphrase of " + path + ": "

	// One prompt for three files, which are decrypted in parallel.
	p.runs("sealcfg rekey --yes")
	p.sees(question)
	p.enters(demoPassphrase)
	screen := p.sees("rekeyed 3 files", "exit=0")
	assert.Equal(t, 1, strings.Count(screen, question), screen)
	assert.NotContains(t, screen, demoPassphrase)

	// Data on stdin is not an answer, and does not prevent the prompt.
	p.runs("printf %s " + p.canary[:10] + " | sealcfg set prod db.password -")
	p.sees(question)
	p.enters(demoPassphrase)
	screen = p.sees("~ db.password", "exit=0")
	assert.NotContains(t, screen, demoPassphrase)
	p.runs("sealcfg get prod db.password </dev/null")
	p.sees(question)
	p.enters(demoPassphrase)
	p.sees(p.canary[:10], "exit=0")
	p.echoes()

	// A wrong passphrase is reported once for all files.
	p.runs("sealcfg rekey --yes")
	p.sees(question)
	p.enters("guess")
	screen = p.sees("keys.txt: wrong passphrase", "exit=4")
	assert.NotContains(t, screen, "guess")

	// Without a terminal, there is no prompt.
	p.runs("sealcfg get prod db.password 2>err; cat err")
	p.sees("a passphrase is required, but no prompt is possible", "exit=0")

	p.runs("sealcfg key show")
	p.sees(question)
	p.enters(demoPassphrase)
	p.sees("age1", "exit=0")
}

func TestPassphraseInterrupted(t *testing.T) {
	p := newPerson(t)
	p.lockIdentity()
	for _, command := range []string{"sealcfg get prod db.password", "EDITOR=true sealcfg edit prod", "sealcfg rekey --yes"} {
		p.runs(command)
		p.sees("passphrase of ")
		p.types("half of it")
		p.press("C-c")
		screen := p.sees("interrupted", "exit=130")
		assert.NotContains(t, screen, "half of it")
		p.echoes()
	}
	// After an interrupted prompt, there is no further prompt.
	other, err := encryptedIdentity([]byte("# nobody's\n"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(p.home, "other.age"), other, 0o600))
	p.runs("SOPS_AGE_KEY_FILE=../other.age EDITOR=true sealcfg edit prod")
	p.sees("passphrase of $SOPS_AGE_KEY_FILE")
	p.press("C-c")
	screen := p.sees("interrupted", "exit=130")
	assert.Equal(t, 1, strings.Count(screen, "passphrase of"), screen)

	p.runs("EDITOR=true sealcfg edit prod")
	p.sees("passphrase of ")
	p.enters(demoPassphrase)
	p.sees("no change; file not written", "exit=0")
}

func TestPassphraseOfSSHKey(t *testing.T) {
	p := newPerson(t, "ssh-keygen")
	ssh := filepath.Join(p.home, ".ssh")
	require.NoError(t, os.Mkdir(ssh, 0o700))
	key := filepath.Join(ssh, "id_ed25519")
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", demoPassphrase, "-C", "alice@home", "-f", key).CombinedOutput()
	require.NoError(t, err, "%s", out)
	public, err := os.ReadFile(key + ".pub")
	require.NoError(t, err)

	// There is no prompt for a key that is not a recipient of the file.
	p.runs("sealcfg get prod db.port")
	screen := p.sees("5432", "exit=0")
	assert.NotContains(t, screen, "passphrase")

	policy := filepath.Join(p.project, ".sops.yaml")
	text, err := os.ReadFile(policy)
	require.NoError(t, err)
	text = []byte(strings.ReplaceAll(string(text), "- *alice", "- "+strings.TrimSpace(string(public))))
	require.NoError(t, os.WriteFile(policy, text, 0o600))
	p.runs("sealcfg rekey --yes") // the old key opens, the new one needs no proof
	screen = p.sees("rekeyed 3 files", "exit=0")
	assert.NotContains(t, screen, "passphrase")

	p.runs("sealcfg rekey --yes")
	p.sees("passphrase of " + key + ": ")
	p.enters(demoPassphrase)
	screen = p.sees("rekeyed 3 files", "exit=0")
	assert.Equal(t, 1, strings.Count(screen, "passphrase of"), screen)
	p.runs("sealcfg get prod db.port")
	p.sees("passphrase of ")
	p.enters("guess")
	p.sees("id_ed25519: wrong passphrase", "encrypted for ssh-ed25519 ...", "alice@home", "exit=4")
}

func TestPluginOnTheTerminal(t *testing.T) {
	p := newPerson(t)
	p.env = append(p.env, "DEMO_LOG="+filepath.Join(p.home, "log"))
	out, err := p.command("age-plugin-demo", "--new", "demo").Output()
	require.NoError(t, err)
	lines := strings.Split(string(out), "\n")
	path := filepath.Join(p.home, ".config", "sops", "age", "keys.txt")
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(old, out...), 0o600))
	policy := filepath.Join(p.project, ".sops.yaml")
	text, err := os.ReadFile(policy)
	require.NoError(t, err)
	text = []byte(strings.ReplaceAll(string(text), "- *alice", "- "+strings.TrimPrefix(lines[0], "# Recipient: ")))
	require.NoError(t, os.WriteFile(policy, text, 0o600))
	p.sealcfg("rekey", "--yes", "-q")
	require.NoError(t, os.WriteFile(path, out, 0o600))

	p.runs("export DEMO_PIN=123456 DEMO_LOG=$HOME/log")
	p.sees("exit=0")
	p.runs("sealcfg rekey --yes")
	p.sees("age-plugin-demo: PIN of the demo token: ")
	p.enters("123456")
	screen := p.sees("rekeyed 3 files", "exit=0")
	assert.Equal(t, 1, strings.Count(screen, "PIN of the demo token"), screen)
	assert.NotContains(t, screen, "123456")

	p.runs("DEMO_CONFIRM=1 sealcfg rekey --yes prod")
	p.sees("PIN of the demo token: ")
	p.enters("123456")
	p.sees("age-plugin-demo: wrap it? [1: sure, 2: never]")
	p.enters("what?", "SURE")
	p.sees("age-plugin-demo: look at the token [Enter: done]")
	p.press("Enter")
	p.sees("rekeyed 1 file", "exit=0")
	p.runs("DEMO_CONFIRM=1 sealcfg rekey --yes prod")
	p.sees("PIN of the demo token: ")
	p.enters("123456")
	p.sees("wrap it? [1: sure, 2: never]")
	p.enters("2")
	p.sees("they did not say sure", "exit=1")

	p.runs("DEMO_CONFIRM=1 sealcfg sops rotate -i environments/prod.yaml")
	p.sees("PIN of the demo token: ")
	p.enters("123456")
	p.sees("wrap it? [1: sure, 2: never]")
	p.enters("1")
	p.sees("look at the token [Enter: done]")
	p.press("Enter")
	p.sees("exit=0")
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/rogpeppe/go-internal/testscript"
)

// demoPassphrase protects only the keys of these tests.
const demoPassphrase = "correct horse"

// encryptedIdentity encrypts the text of an identity file with a low work factor.
func encryptedIdentity(text []byte) ([]byte, error) {
	r, err := age.NewScryptRecipient(demoPassphrase)
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(2)
	var buf bytes.Buffer
	w, err := age.Encrypt(&buf, r)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(text)
	err = errors.Join(err, w.Close())
	return buf.Bytes(), err
}

// lock FILE encrypts an identity file in place with the demo passphrase.
func lock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lock FILE")
	}
	text, err := encryptedIdentity([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}

// demoPlugin is the program age-plugin-demo, whose keys are age keys in another notation. With --new NAME
// it creates an identity file, also for another plugin. As a plugin it logs each run to $DEMO_LOG.
func demoPlugin() int {
	if len(os.Args) == 3 && os.Args[1] == "--new" {
		name := os.Args[2]
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return 1
		}
		fmt.Printf("# Recipient: %s\n%s\n", plugin.EncodeRecipient(name, []byte(id.Recipient().String())), plugin.EncodeIdentity(name, []byte(id.String())))
		return 0
	}
	if err := noteRun(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	p, err := plugin.New("demo")
	if err != nil {
		return 1
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) {
		if os.Getenv("DEMO_CONFIRM") != "" {
			if yes, err := p.Confirm("wrap it?", "sure", "never"); err != nil || !yes {
				return nil, errors.New("they did not say sure")
			}
			if _, err := p.Confirm("look at the token", "done", ""); err != nil {
				return nil, err
			}
		}
		return age.ParseX25519Recipient(string(data))
	})
	p.HandleIdentity(func(data []byte) (age.Identity, error) {
		if want := os.Getenv("DEMO_PIN"); want != "" {
			if pin, err := p.RequestValue("PIN of the demo token", true); err != nil || pin != want {
				return nil, errors.New("no PIN, no key")
			}
		}
		return age.ParseX25519Identity(string(data))
	})
	return p.Main()
}

func noteRun(what string) error {
	f, err := os.OpenFile(os.Getenv("DEMO_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, what)
	return errors.Join(err, f.Close())
}

package ageplugin_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/stretchr/testify/require"
)

// demoPIN unlocks the demo token, which was made for these tests and protects no
// data.
const demoPIN = "123456"

// demoKeys makes a recipient and an identity: the data of each is the text of a
// native one.
func demoKeys(t *testing.T) (recipient, identity string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	return plugin.EncodeRecipient("demo", []byte(id.Recipient().String())), plugin.EncodeIdentity("demo", []byte(id.String()))
}

// demoPlugin is the program age-plugin-demo. It logs each run in $DEMO_LOG.
// $DEMO_MODE selects its behavior: "pin" and "confirm" prompt, "hang" waits for a
// while, "quote" fails with an error that quotes secrets.
func demoPlugin() int {
	if err := note(strings.TrimPrefix(os.Args[1], "--age-plugin=")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	mode := os.Getenv("DEMO_MODE")
	if mode == "hang" {
		time.Sleep(time.Second) // longer than the test waits, shorter than it would mind
		return 1
	}
	p, err := plugin.New("demo")
	if err != nil {
		return 1
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) {
		if mode == "confirm" {
			switch yes, err := p.Confirm("wrap it?", "sure", "never"); {
			case err != nil:
				return nil, err
			case !yes:
				return nil, errors.New("they said never")
			}
		}
		return age.ParseX25519Recipient(string(data))
	})
	p.HandleIdentity(func(data []byte) (age.Identity, error) {
		id, err := age.ParseX25519Identity(string(data))
		if err != nil {
			return nil, err
		}
		if mode == "pin" {
			return pinned{p, id}, nil
		}
		if mode == "quote" {
			return quoting{p, id.String()}, nil
		}
		return id, nil
	})
	return p.Main()
}

func note(what string) error {
	f, err := os.OpenFile(os.Getenv("DEMO_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, what)
	return errors.Join(err, f.Close())
}

// pinned is a token that requires a PIN before it unwraps, and prompts twice.
type pinned struct {
	p  *plugin.Plugin
	id age.Identity
}

func (t pinned) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if err := t.p.DisplayMessage("touch the demo token"); err != nil {
		return nil, err
	}
	for range 2 {
		pin, err := t.p.RequestValue("PIN of the demo token", true)
		if err != nil {
			return nil, err
		}
		if pin == os.Getenv("DEMO_PIN") {
			return t.id.Unwrap(stanzas)
		}
	}
	return nil, errors.New("wrong PIN")
}

// quoting is a token. Its error quotes the identity and the PIN.
type quoting struct {
	p    *plugin.Plugin
	text string
}

func (q quoting) Unwrap([]*age.Stanza) ([]byte, error) {
	pin, err := q.p.RequestValue("PIN of the demo token", true)
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("cannot use %s with %q", q.text, pin)
}

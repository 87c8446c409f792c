package ageplugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"filippo.io/age"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"

	"github.com/sealcfg/sealcfg/keys"
)

type identity struct {
	text, program string
	recipient     string // from a comment, or ""
	src           keys.Source
	turn          chan struct{}

	mu      sync.Mutex
	answers map[string]string // secrets that opened something, by question
}

// Format prints only the recipient, or the name of the program, for every verb.
func (i *identity) Format(f fmt.State, _ rune) {
	name := i.recipient
	if name == "" {
		name = i.program
	}
	_, _ = io.WriteString(f, "[identity of "+name+"]")
}

func (i *identity) Recipient() string { return i.recipient }
func (i *identity) Interactive() bool { return true }
func (i *identity) Claimed() bool     { return true } // by a comment

func (i *identity) Equal(other keys.Identity) bool {
	o, ok := other.(*identity)
	return ok && i.text == o.text
}

// Unwrap passes the headers of all age stanzas to the plugin at once, as if they
// were of one file. So the plugin starts once, and prompts once, not for each
// stanza. Then Unwrap tries the file key of the plugin on each stanza.
func (i *identity) Unwrap(ctx context.Context, stanzas []*keys.Stanza) ([]byte, error) {
	var headers []*age.Stanza
	for _, s := range stanzas {
		if s.Type == keys.AgeType {
			headers = append(headers, headersOf(s)...)
		}
	}
	if len(headers) == 0 {
		return nil, keys.ErrNoMatch
	}
	d := newDialogue(ctx, i.program, i.src)
	secret, err := await(ctx, func() ([]byte, error) { return i.inTurn(ctx, d, headers, stanzas) })
	switch {
	case err == nil:
		return secret, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, keys.ErrNoMatch):
		return nil, err
	case errors.Is(err, age.ErrIncorrectIdentity) && d.unanswered() == "":
		return nil, keys.ErrNoMatch
	}
	return nil, keys.NoMatch(d.explain(err))
}

// inTurn waits until no other plugin runs, and keeps the person's answers before
// the next plugin prompts.
func (i *identity) inTurn(ctx context.Context, d *dialogue, headers []*age.Stanza, stanzas []*keys.Stanza) ([]byte, error) {
	select {
	case i.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-i.turn }()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.know(i.known())
	id, err := plugin.NewIdentity(i.text, d.ui())
	if err != nil {
		return nil, errors.New("malformed age identity")
	}
	fileKey, err := id.Unwrap(headers)
	if err != nil {
		return nil, err
	}
	secret, err := keys.AgeIdentity(age.NewInjectedFileKeyIdentity(fileKey), i.recipient).Unwrap(ctx, stanzas)
	if err == nil {
		i.keep(d.answersSoFar())
	}
	return secret, err
}

func (i *identity) known() map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	known := make(map[string]string, len(i.answers))
	for q, a := range i.answers {
		known[q] = a
	}
	return known
}

func (i *identity) keep(answers map[string]string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.answers == nil {
		i.answers = make(map[string]string)
	}
	for q, a := range answers {
		i.answers[q] = a
	}
}

// headersOf returns the stanzas in the header of an age file. It returns none if
// the file is broken, because then it is for no identity.
func headersOf(s *keys.Stanza) []*age.Stanza {
	var p probe
	_, _ = age.Decrypt(armor.NewReader(strings.NewReader(s.Wrapped)), &p)
	return p.stanzas
}

// probe never decrypts. It keeps the stanzas of a header.
type probe struct{ stanzas []*age.Stanza }

func (p *probe) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	p.stanzas = stanzas
	return nil, age.ErrIncorrectIdentity
}

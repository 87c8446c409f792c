package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/sealcfg/sealcfg/internal/pattern"
)

// The variables in which sops looks for age identities (age/keysource.go).
const (
	EnvAgeKey     = "SOPS_AGE_KEY"
	EnvAgeKeyFile = "SOPS_AGE_KEY_FILE"
	EnvAgeKeyCmd  = "SOPS_AGE_KEY_CMD"
)

// AgeKeyFile returns the file in which sops, and so sealcfg, keeps a user's age
// identities, given the user's configuration directory.
func AgeKeyFile(configDir string) string {
	return filepath.Join(configDir, "sops", "age", "keys.txt")
}

// ParseAgeIdentity reads one identity: AGE-SECRET-KEY-1…, AGE-SECRET-KEY-PQ-1…,
// or one of a kind that has registered with [Age]. Errors do not carry the text.
func ParseAgeIdentity(s string) (Identity, error) { return Age.parseIdentity(s, "", Source{}) }

// ParseAgeIdentities reads the lines of an identity file. Empty lines and lines
// that begin with # are skipped; several identities may stand on one line.
// Errors name the line by its number.
func ParseAgeIdentities(text string) ([]Identity, error) {
	ids, err := Age.parseIdentities(text, Source{})
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if u, ok := id.(*unusableIdentity); ok {
			return nil, u.reason
		}
	}
	return ids, nil
}

func (p *AgeProvider) parseIdentity(s, recipient string, src Source) (Identity, error) {
	switch {
	case strings.HasPrefix(s, "AGE-SECRET-KEY-PQ-1"):
		if id, err := age.ParseHybridIdentity(s); err == nil {
			return AgeIdentity(id, id.Recipient().String()), nil
		}
		return nil, errors.New("malformed age identity")
	case strings.HasPrefix(s, "AGE-SECRET-KEY-1"):
		if id, err := age.ParseX25519Identity(s); err == nil {
			return AgeIdentity(id, id.Recipient().String()), nil
		}
		return nil, errors.New("malformed age identity")
	}
	for _, k := range p.registered() {
		if id, err := k.ParseIdentity(s, recipient, src); !errors.Is(err, ErrOtherKind) {
			return id, err
		}
	}
	if strings.HasPrefix(s, "AGE-PLUGIN-") && !p.has(AgePlugin) {
		return nil, missingKind(AgePlugin)
	}
	if strings.HasPrefix(s, "age1") {
		return nil, errors.New("a recipient, which is the public half of a key; want the identity: AGE-SECRET-KEY-1…")
	}
	return nil, errors.New("not an age identity that this version knows")
}

// namedRecipient finds a recipient in the comment that a plugin writes above
// its identity.
var namedRecipient = pattern.New(`\bage1[a-z0-9+._-]*1[a-z0-9]+\b`)

// parseIdentities reads the text of an identity file. An identity of a kind
// that the program has not linked is no mistake in the file: it says so when
// nothing else opens a stanza.
func (p *AgeProvider) parseIdentities(text string, src Source) ([]Identity, error) {
	var ids []Identity
	n, recipient := 0, ""
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			if name := namedRecipient().FindString(line); name != "" {
				recipient = name
			}
			continue
		}
		for _, word := range strings.Fields(line) {
			id, err := p.parseIdentity(word, recipient, src)
			var missing *MissingKindError
			if errors.As(err, &missing) {
				id, err = UnusableIdentity(fmt.Errorf("line %d: %w", n, err), isAge), nil
			}
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			ids = append(ids, id)
			recipient = ""
		}
	}
	return ids, nil
}

func isAge(s *Stanza) bool { return s.Type == AgeType }

// Identities looks where sops looks, and merges all it finds. As with sops, keys
// that only compute are tried first. A place that is named by a variable and
// broken is an error. Each command is run once; $SOPS_AGE_RECIPIENT, in which
// sops tells a command for which recipient it wants the key, is not set for it.
func (p *AgeProvider) Identities(ctx context.Context, src Source) ([]Identity, error) {
	var all []Identity
	for _, places := range []func(context.Context, Source) ([]Identity, error){p.fromVariable, p.fromNamedFile, p.fromCommand, p.fromOwnFile} {
		ids, err := places(ctx, src)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	for _, k := range p.registered() {
		ids, err := k.Identities(ctx, src)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return patientLast(all), nil
}

// patientLast moves those behind the others who may have to ask somebody.
func patientLast(ids []Identity) []Identity {
	var first, last []Identity
	for _, id := range ids {
		i, ok := id.(Interactive)
		switch {
		case !ok || !i.Interactive():
			first = append(first, id)
		case !slices.ContainsFunc(last, i.Equal):
			last = append(last, id)
		}
	}
	return append(first, last...)
}

func (p *AgeProvider) fromVariable(_ context.Context, src Source) ([]Identity, error) {
	text, _ := src.env(EnvAgeKey)
	return p.read("$"+EnvAgeKey, []byte(text), src)
}

func (p *AgeProvider) fromNamedFile(_ context.Context, src Source) ([]Identity, error) {
	path, ok := src.env(EnvAgeKeyFile)
	if !ok || src.ReadFile == nil {
		return p.read("$"+EnvAgeKeyFile, nil, src)
	}
	text, err := src.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("$%s: %w", EnvAgeKeyFile, err)
	}
	return p.read("$"+EnvAgeKeyFile+" ("+path+")", text, src)
}

func (p *AgeProvider) fromCommand(ctx context.Context, src Source) ([]Identity, error) {
	text, _, err := src.Output(ctx, EnvAgeKeyCmd)
	if err != nil {
		return nil, err
	}
	return p.read("$"+EnvAgeKeyCmd, text, src)
}

func (p *AgeProvider) fromOwnFile(_ context.Context, src Source) ([]Identity, error) {
	if src.ConfigDir == "" || src.ReadFile == nil {
		return nil, nil
	}
	path := AgeKeyFile(src.ConfigDir)
	text, err := src.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return p.read(path, text, src)
}

// read reads what was found in a place: identities, or an age file that holds
// them.
func (p *AgeProvider) read(place string, text []byte, src Source) ([]Identity, error) {
	if IsAgeFile(text) {
		id, err := p.newLocked(place, text, src)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", place, err)
		}
		src.Report(place, Locked)
		return []Identity{id}, nil
	}
	if strings.HasPrefix(strings.TrimSpace(string(text)), "-----BEGIN") {
		return nil, fmt.Errorf("%s: that is no age identity file; an SSH key belongs into $SOPS_AGE_SSH_PRIVATE_KEY_FILE", place)
	}
	ids, err := p.parseIdentities(string(text), src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	for _, id := range ids {
		if u, ok := id.(*unusableIdentity); ok {
			u.reason = fmt.Errorf("%s: %w", place, u.reason)
		}
	}
	src.Report(place, len(ids))
	return ids, nil
}

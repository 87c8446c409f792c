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

// ParseAgeIdentity parses one identity: AGE-SECRET-KEY-1…, AGE-SECRET-KEY-PQ-1…, or
// one of a kind that has registered with [Age]. Errors never contain the identity.
func ParseAgeIdentity(s string) (Identity, error) { return Age.parseIdentity(s, "", Source{}) }

// ParseAgeIdentities reads the lines of an identity file. Empty lines and lines
// that begin with # are skipped; several identities may be on one line. Errors
// contain the number of the line.
func ParseAgeIdentities(text string) ([]Identity, error) {
	plain, err := Text([]byte(text))
	if err != nil {
		return nil, err
	}
	ids, err := Age.parseIdentities(string(plain), Source{})
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
		return nil, errors.New("expected an identity (AGE-SECRET-KEY-1…), got a recipient")
	}
	return nil, errors.New("unknown kind of age identity")
}

// namedRecipient finds a recipient in the comment that a plugin writes above
// its identity.
var namedRecipient = pattern.New(`\bage1[a-z0-9+._-]*1[a-z0-9]+\b`)

// parseIdentities reads the text of an identity file. The error is about the first
// identity that is malformed; the others are returned all the same. An identity
// of a kind that the program has not linked is not malformed: the error of a file
// that no identity decrypts names the missing package.
func (p *AgeProvider) parseIdentities(text string, src Source) (ids []Identity, failed error) {
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
			switch {
			case err == nil:
				ids = append(ids, id)
			case failed == nil:
				failed = fmt.Errorf("line %d: %w", n, err)
			}
			recipient = ""
		}
	}
	return ids, failed
}

func isAge(s *Stanza) bool { return s.Type == AgeType }

// Identities looks where sops looks, and merges all it finds. As with sops, keys
// that only compute are tried first. A broken key source is reported to
// [Source.Broken], and does not stop the others. Each command is run once, and
// without $SOPS_AGE_RECIPIENT, which sops sets to the recipient of a stanza.
func (p *AgeProvider) Identities(ctx context.Context, src Source) ([]Identity, error) {
	all := slices.Concat(p.fromVariable(ctx, src), p.fromNamedFile(ctx, src), p.fromCommand(ctx, src), p.fromOwnFile(ctx, src))
	for _, k := range p.registered() {
		ids, err := k.Identities(ctx, src)
		if err != nil {
			ids = append(ids, src.Unusable(ctx, err, isAge))
		}
		all = append(all, ids...)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return patientLast(all), nil
}

// patientLast moves the identities that may have to ask a person to the end.
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

func (p *AgeProvider) fromVariable(ctx context.Context, src Source) []Identity {
	text, _ := src.env(EnvAgeKey)
	if isPath(text) {
		return []Identity{src.Unusable(ctx, fmt.Errorf("$%s holds a path, expected identities: put it into $%s", EnvAgeKey, EnvAgeKeyFile), isAge)}
	}
	return p.read(ctx, "$"+EnvAgeKey, []byte(text), src)
}

// isPath reports whether s looks like the path of a file and not like a key.
func isPath(s string) bool {
	return !IsAgeSecret(s) && len(strings.Fields(s)) == 1 && (strings.ContainsAny(s, `/\`) || strings.HasPrefix(s, "~"))
}

func (p *AgeProvider) fromNamedFile(ctx context.Context, src Source) []Identity {
	path, text, ok, err := src.ReadNamed(EnvAgeKeyFile)
	if err != nil {
		return []Identity{src.Unusable(ctx, err, isAge)}
	}
	if !ok {
		return p.read(ctx, "$"+EnvAgeKeyFile, nil, src)
	}
	return p.read(ctx, "$"+EnvAgeKeyFile+" ("+path+")", text, src)
}

func (p *AgeProvider) fromCommand(ctx context.Context, src Source) []Identity {
	text, _, err := src.Output(ctx, EnvAgeKeyCmd)
	if err != nil {
		return []Identity{src.Unusable(ctx, err, isAge)}
	}
	return p.read(ctx, "$"+EnvAgeKeyCmd, text, src)
}

func (p *AgeProvider) fromOwnFile(ctx context.Context, src Source) []Identity {
	if src.ConfigDir == "" || src.ReadFile == nil {
		return nil
	}
	path := AgeKeyFile(src.ConfigDir)
	text, err := src.File(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return []Identity{src.Unusable(ctx, fmt.Errorf("%s: %w", path, err), isAge)}
	}
	return p.read(ctx, path, text, src)
}

// read returns the identities of a key source: the list, or one for an encrypted
// list. It reports a malformed one as broken.
func (p *AgeProvider) read(ctx context.Context, keySource string, text []byte, src Source) []Identity {
	ids, err := p.identitiesOf(keySource, text, src)
	for _, id := range ids {
		if u, ok := id.(*unusableIdentity); ok {
			u.reason = fmt.Errorf("%s: %w", keySource, u.reason)
		}
	}
	if err != nil {
		ids = append(ids, src.Unusable(ctx, fmt.Errorf("%s: %w", keySource, err), isAge))
	}
	return ids
}

func (p *AgeProvider) identitiesOf(keySource string, raw []byte, src Source) ([]Identity, error) {
	text, err := raw, error(nil)
	if !IsAgeFile(raw) { // it may be binary
		if text, err = Text(raw); err != nil {
			return nil, err
		}
	}
	if IsAgeFile(text) {
		id, err := p.newLocked(keySource, text, src)
		if err != nil {
			return nil, err
		}
		src.Report(keySource, Locked)
		return []Identity{id}, nil
	}
	if strings.HasPrefix(strings.TrimSpace(string(text)), "-----BEGIN") {
		return nil, fmt.Errorf("a private key that is not an age identity: put the path of an SSH key into $%s", envSSHKeyFile)
	}
	ids, err := p.parseIdentities(string(text), src)
	if len(ids) > 0 || err == nil {
		src.Report(keySource, len(ids))
	}
	return ids, err
}

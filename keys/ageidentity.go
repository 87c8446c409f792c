package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/sealcfg/sealcfg/internal/shellwords"
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

// ParseAgeIdentity reads one identity: AGE-SECRET-KEY-1… or AGE-SECRET-KEY-PQ-1….
// Errors do not carry the text.
func ParseAgeIdentity(s string) (Identity, error) {
	switch {
	case strings.HasPrefix(s, "AGE-SECRET-KEY-PQ-1"):
		if id, err := age.ParseHybridIdentity(s); err == nil {
			return AgeIdentity(id, id.Recipient().String()), nil
		}
	case strings.HasPrefix(s, "AGE-SECRET-KEY-1"):
		if id, err := age.ParseX25519Identity(s); err == nil {
			return AgeIdentity(id, id.Recipient().String()), nil
		}
	default:
		return nil, errors.New("not an age identity that this version knows")
	}
	return nil, errors.New("malformed age identity")
}

// ParseAgeIdentities reads the lines of an identity file. Empty lines and lines
// that begin with # are skipped; several identities may stand on one line.
// Errors name the line by its number.
func ParseAgeIdentities(text string) ([]Identity, error) {
	var ids []Identity
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.Fields(line) {
			id, err := ParseAgeIdentity(word)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Identities looks where sops looks, and merges all it finds.
func (ageProvider) Identities(ctx context.Context, src Source) ([]Identity, error) {
	var all []Identity
	add := func(place, text string) error {
		ids, err := ParseAgeIdentities(text)
		if err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
		src.looked(place, len(ids))
		all = append(all, ids...)
		return nil
	}

	if text, ok := src.env(EnvAgeKey); ok {
		if err := add("$"+EnvAgeKey, text); err != nil {
			return nil, err
		}
	} else {
		src.looked("$"+EnvAgeKey, 0)
	}
	if path, ok := src.env(EnvAgeKeyFile); ok && src.ReadFile != nil {
		text, err := src.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("$%s: %w", EnvAgeKeyFile, err)
		}
		if err := add("$"+EnvAgeKeyFile+" ("+path+")", string(text)); err != nil {
			return nil, err
		}
	} else {
		src.looked("$"+EnvAgeKeyFile, 0)
	}
	if command, ok := src.env(EnvAgeKeyCmd); ok && src.Run != nil {
		text, err := runKeyCommand(ctx, src, command)
		if err != nil {
			return nil, err
		}
		if err := add("$"+EnvAgeKeyCmd, text); err != nil {
			return nil, err
		}
	} else {
		src.looked("$"+EnvAgeKeyCmd, 0)
	}
	if src.ConfigDir != "" && src.ReadFile != nil {
		path := AgeKeyFile(src.ConfigDir)
		text, err := src.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			src.looked(path, 0)
		case err != nil:
			return nil, err
		default:
			if err := add(path, string(text)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func runKeyCommand(ctx context.Context, src Source, command string) (string, error) {
	argv, err := shellwords.Split(command)
	if err != nil {
		return "", fmt.Errorf("$%s: %w", EnvAgeKeyCmd, err)
	}
	if len(argv) == 0 {
		return "", fmt.Errorf("$%s is empty", EnvAgeKeyCmd)
	}
	out, err := src.Run(ctx, argv)
	if err != nil {
		return "", fmt.Errorf("$%s: %w", EnvAgeKeyCmd, err)
	}
	return string(out), nil
}

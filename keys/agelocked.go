package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/sealcfg/sealcfg/internal/memo"
)

// maxWorkFactor bounds the work that a passphrase may cost, as in age: 15
// seconds on a machine of today.
const maxWorkFactor = 22

// IsAgeFile reports whether text is an encrypted file, armored or not, rather than
// a list of identities.
func IsAgeFile(text []byte) bool {
	return bytes.HasPrefix(text, []byte("age-encryption.org/")) || bytes.HasPrefix(bytes.TrimSpace(text), []byte(armor.Header))
}

func ageFile(text []byte) io.Reader {
	if bytes.HasPrefix(text, []byte("age-encryption.org/")) {
		return bytes.NewReader(text)
	}
	return armor.NewReader(bytes.NewReader(bytes.TrimSpace(text)))
}

// ErrPassphrase reports that a passphrase is wrong, or that no prompt is possible.
var ErrPassphrase = errors.New("passphrase")

// A Locker is an identity whose recipients are not known before it is unlocked.
type Locker interface {
	// Unlock prompts for the passphrase and returns the identities that it unlocks.
	// It prompts once and keeps the result, also if it is an error, unless ctx has
	// ended.
	Unlock(ctx context.Context) ([]Identity, error)
}

// lockedIdentities are the identities of a file that is encrypted with a
// passphrase.
type lockedIdentities struct {
	keySource string
	file      []byte
	src       Source
	age       *AgeProvider
	ids       memo.Value[[]Identity]
}

func (p *AgeProvider) newLocked(keySource string, file []byte, src Source) (Identity, error) {
	probe := new(headerProbe)
	_, err := age.Decrypt(ageFile(file), probe)
	var noMatch *age.NoIdentityMatchError
	switch {
	case !errors.As(err, &noMatch): // its text may quote the file
		return nil, errors.New("malformed encrypted identity file")
	case !probe.scrypt:
		return nil, errors.New("encrypted, but not with a passphrase")
	case probe.work > maxWorkFactor:
		return nil, fmt.Errorf("its passphrase has the work factor 2^%d, above the limit of 2^%d", probe.work, maxWorkFactor)
	}
	return &lockedIdentities{keySource: keySource, file: file, src: src, age: p}, nil
}

// headerProbe never decrypts. It records whether a file requires a passphrase.
type headerProbe struct {
	scrypt bool
	work   int // the cost of one attempt, as a power of two
}

func (h *headerProbe) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	h.scrypt = len(stanzas) == 1 && stanzas[0].Type == "scrypt"
	if h.scrypt && len(stanzas[0].Args) == 2 {
		h.work, _ = strconv.Atoi(stanzas[0].Args[1]) // Decrypt rejects it if it is not a number
	}
	return nil, age.ErrIncorrectIdentity
}

// Format prints the key source, for every verb.
func (l *lockedIdentities) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[identities in "+l.keySource+"]")
}

// Interactive returns true: the identities require a passphrase.
func (l *lockedIdentities) Interactive() bool { return true }

// Equal compares the files, wherever they were found.
func (l *lockedIdentities) Equal(other Identity) bool {
	o, ok := other.(*lockedIdentities)
	return ok && bytes.Equal(l.file, o.file)
}

func (l *lockedIdentities) Unlock(ctx context.Context) ([]Identity, error) {
	return l.ids.Get(ctx, l.ask)
}

func (l *lockedIdentities) recipients() []string {
	ids, _ := l.ids.Got()
	return Recipients(ids...)
}

// Unwrap prompts for the passphrase if the locked identities may match a stanza.
func (l *lockedIdentities) Unwrap(ctx context.Context, stanzas []*Stanza) ([]byte, error) {
	var own []*Stanza
	for _, s := range stanzas {
		if isAge(s) {
			own = append(own, s)
		}
	}
	if len(own) == 0 {
		return nil, ErrNoMatch
	}
	ids, err := l.Unlock(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, NoMatch(err)
	}
	secret, reasons, err := firstOf(ctx, own, ids)
	if len(reasons) > 0 {
		return nil, NoMatch(errors.Join(reasons...))
	}
	return secret, err
}

func (l *lockedIdentities) ask(ctx context.Context) ([]Identity, error) {
	text, err := l.decrypt(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.keySource, err)
	}
	ids, err := l.age.parseIdentities(text, l.src)
	if err != nil {
		ids = append(ids, l.src.Unusable(ctx, fmt.Errorf("%s: %w", l.keySource, err), isAge))
	}
	return patientLast(ids), nil
}

func (l *lockedIdentities) decrypt(ctx context.Context) (string, error) {
	passphrase, err := AskPassphrase(ctx, l.src, l.keySource)
	if err != nil {
		return "", err
	}
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return "", fmt.Errorf("the %w is empty", ErrPassphrase)
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	r, err := age.Decrypt(ageFile(l.file), id)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return "", fmt.Errorf("wrong %w", ErrPassphrase)
	}
	if err != nil { // its text may quote the file
		return "", errors.New("the encrypted identity file is damaged")
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return "", errors.New("the encrypted identity file is damaged")
	}
	if plain, err = Text(plain); err != nil {
		return "", err
	}
	return string(plain), nil
}

// AskPassphrase prompts for the passphrase of a key source. Errors wrap
// [ErrPassphrase] if no prompt is possible or the prompt gets no answer.
func AskPassphrase(ctx context.Context, src Source, keySource string) ([]byte, error) {
	if src.Prompt == nil {
		return nil, fmt.Errorf("a %w is required, but no prompt is possible", ErrPassphrase)
	}
	passphrase, err := src.Prompt(ctx, "passphrase of "+keySource)
	if err != nil {
		return nil, fmt.Errorf("prompt for the %w: %w", ErrPassphrase, err)
	}
	return passphrase, nil
}

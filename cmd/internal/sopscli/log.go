package sopscli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/keys"
)

// A verboseLog prints the lines that sops prints with --verbose, because tools match them.
// A nil log does not print.
type verboseLog struct {
	to    io.Writer
	order []string // the types of keys to try first

	given   []environments.Member // recipients on the command line
	wrapped bool                  // wrapping has been called
}

// newLog returns the log of a run. As in sops, --verbose has no effect with a command.
// sops reads the flag before a command and does not pass it on.
func (r *invocation) newLog() *verboseLog {
	if !r.legacy || !r.on("verbose") {
		return nil
	}
	order := r.str("decryption-order")
	if order == "" {
		order = "age,pgp"
	}
	return &verboseLog{to: r.Stderr, order: strings.Split(order, ",")}
}

// A logField is a name and a value at the end of a line.
type logField struct{ name, value string }

func (l *verboseLog) info(logger, message string, fields ...logField) {
	l.line(logger, "info", message, fields)
}

func (l *verboseLog) debug(logger, message string) { l.line(logger, "debug", message, nil) }

func (l *verboseLog) line(logger, level, message string, fields []logField) {
	if l == nil {
		return
	}
	text := fmt.Sprintf("[%s]\t time=%q level=%s msg=%s", logger, time.Now().Format(time.RFC3339), level, logText(message))
	for _, f := range fields {
		text += " " + f.name + "=" + logText(f.value)
	}
	fmt.Fprintln(l.to, text)
}

// logText quotes a string as sops's log does: only if it has a character other than
// letters, digits and -._/@^+.
func logText(s string) string {
	bare := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._/@^+", r)
	}) < 0
	if bare {
		return s
	}
	return strconv.Quote(s)
}

// key logs the result of encryption or decryption with one key. verb is "encrypt" or
// "decrypt".
func (l *verboseLog) key(s *keys.Stanza, verb string, err error) {
	kind, _ := keys.KindOf(s.Type)
	outcome := "failed"
	if err == nil {
		outcome = kind.Log.Success
	}
	var fields []logField
	for _, f := range kind.Log.Fields(s, verb) {
		fields = append(fields, logField{f.Name, f.Value})
	}
	l.info(kind.Log.Name, strings.ToUpper(verb[:1])+verb[1:]+"ion "+outcome, fields...)
}

// bySopsType compares stanzas in the order in which sops reads their kinds from a file.
func bySopsType(a, b *keys.Stanza) int {
	first, _ := keys.KindOf(a.Type)
	second, _ := keys.KindOf(b.Type)
	return first.ReadOrder - second.ReadOrder
}

// tried returns the stanzas of a group in the order in which sops tries them.
func (l *verboseLog) tried(group []*keys.Stanza) []*keys.Stanza {
	first := func(s *keys.Stanza) int {
		if i := slices.Index(l.order, s.Type); i >= 0 {
			return i
		}
		return len(l.order)
	}
	group = slices.SortedStableFunc(slices.Values(group), bySopsType)
	slices.SortStableFunc(group, func(a, b *keys.Stanza) int { return first(a) - first(b) })
	return group
}

// RecoverKey tries the keys of a file in sops's order and logs each result. It returns
// an identity with the recovered secrets, followed by ids.
func (l *verboseLog) RecoverKey(ctx context.Context, meta *envfile.Metadata, ids []keys.Identity) []keys.Identity {
	if l == nil {
		return ids
	}
	known := recovered{}
	groups := 0
	for _, group := range meta.Groups {
		for _, s := range l.tried(group) {
			secret, err := keys.Unwrap(ctx, []*keys.Stanza{s}, ids)
			if ctx.Err() != nil {
				return ids
			}
			l.key(s, "decrypt", err)
			if err == nil {
				known[s] = secret
				groups++
				break
			}
		}
	}
	if groups >= max(1, meta.Threshold) {
		l.info("SOPS", "Data key recovered successfully")
		l.debug("SOPS", "Decrypting tree")
	}
	return append([]keys.Identity{known}, ids...)
}

// recovered is an identity that holds the unwrapped secrets of stanzas.
type recovered map[*keys.Stanza][]byte

func (k recovered) Unwrap(_ context.Context, stanzas []*keys.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if secret, ok := k[s]; ok {
			return secret, nil
		}
	}
	return nil, keys.ErrNoMatch
}

// String keeps secrets out of messages.
func (recovered) String() string { return "[recovered secrets]" }

// Format keeps secrets out of messages for every verb.
func (recovered) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[recovered secrets]") }

// Wrapping returns recipients that log when the data key is wrapped for them. named are
// the same recipients as stanzas without a key. A new file is encrypted twice, first as
// a trial; only the first time is logged.
func (l *verboseLog) Wrapping(to envfile.Recipients, named [][]*keys.Stanza) envfile.Recipients {
	if l == nil || l.wrapped {
		return to
	}
	l.wrapped = true // a new file is wrapped for a second time after the trial
	if len(l.given) > 0 {
		var at []*environments.Member
		for i := range l.given {
			at = append(at, &l.given[i])
		}
		l.debug("CMD", fmt.Sprintf("Master keys available:  %+v", at)) // sops prints addresses as well
	}
	if len(to.Groups) > 1 {
		l.info("SOPS", "Splitting data key with Shamir Secret Sharing",
			logField{"parts", strconv.Itoa(len(to.Groups))}, logField{"quorum", strconv.Itoa(to.Threshold)})
	}
	groups := make([][]keys.Recipient, len(to.Groups))
	for i, group := range to.Groups {
		for j, r := range group {
			groups[i] = append(groups[i], &loggedRecipient{r, l, named[i][j]})
		}
	}
	to.Groups = groups
	return to
}

type loggedRecipient struct {
	keys.Recipient
	log   *verboseLog
	named *keys.Stanza
}

func (r *loggedRecipient) Wrap(ctx context.Context, secret []byte) (*keys.Stanza, error) {
	s, err := r.Recipient.Wrap(ctx, secret)
	r.log.key(r.named, "encrypt", err)
	return s, err
}

// logPath formats a path as in sops's log: its parts in brackets.
func logPath(p envfile.Path) string {
	parts := make([]any, len(p))
	for i, s := range p {
		if parts[i] = s.Key; s.IsIndex {
			parts[i] = s.Index
		}
	}
	return fmt.Sprint(parts)
}

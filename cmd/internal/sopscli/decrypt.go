package sopscli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
)

// decrypt implements sops decrypt and sops -d.
func (r *invocation) decrypt(ctx context.Context) error {
	if err := r.oneFile(); err != nil {
		return err
	}
	f, err := r.file(codeNoFile)
	if err != nil {
		return err
	}
	path, err := parsePath(r.str("extract"))
	if err != nil {
		return coded{fmt.Errorf("error parsing --extract path: %w", err), codeBadPath}
	}
	if !r.on("in-place") && slices.Contains([]string{"", "-", "/dev/stdout"}, r.str("output")) {
		if err := r.RefuseCachedTextconv(ctx); err != nil {
			return err
		}
	}
	s, err := r.readSealed(ctx, f)
	if err != nil {
		return err
	}
	var opened decrypted
	if opened, err = r.OpenSealed(ctx, f.Target, s); err != nil && r.on("ignore-mac") {
		opened, err = r.ignoreMAC(ctx, f, s, err)
	}
	if err != nil {
		return err
	}
	text, err := r.plaintext(f, opened, path)
	if err != nil {
		return err
	}
	return r.write(ctx, f, text, s.Bytes(), true)
}

// decrypted is a decrypted file, verified or, with --ignore-mac, unverified.
type decrypted interface {
	Roots() []*envfile.Node
	Text() ([]byte, error)
}

// plaintext returns the output of decrypt: the plaintext as its author wrote it, or in
// the layout of sops if a flag requires another form.
func (r *invocation) plaintext(f *inputFile, opened decrypted, path envfile.Path) ([]byte, error) {
	indent := r.indent(f.to)
	switch {
	case len(path) > 0:
		r.log.info("SOPS", "Truncating tree", logField{"path", logPath(path)})
		n := firstAt(opened.Roots()[0], path)
		if n == nil {
			return nil, fmt.Errorf("error truncating tree: %s: %w", missingComponent(opened.Roots()[0], path), cli.NoField(f.Target, opened.Roots(), path, 0))
		}
		text, err := envfile.ConvertValue(f.to, n, indent)
		return text, f.At(err)
	case f.to.Name() != f.Format.Name() || r.given("indent"):
		text, err := envfile.Convert(f.to, opened.Roots(), indent)
		if err != nil && f.follow {
			return nil, cli.WithHint(f.At(err), "the output format depends on the name; add: --output-type %s", f.Format.Name())
		}
		return text, f.At(err)
	}
	text, err := opened.Text()
	return text, f.At(err)
}

// firstAt returns the node under a path. Of several entries with the same name, sops
// takes the first, in dotenv too.
func firstAt(n *envfile.Node, path envfile.Path) *envfile.Node {
	for _, step := range path {
		if step.IsIndex {
			n = n.Index(step.Index)
		} else {
			var first *envfile.Node
			for e := range n.Entries() {
				if first == nil && n.Kind == envfile.Map && e.Key == step.Key {
					first = e
				}
			}
			n = first
		}
		if n == nil {
			return nil
		}
	}
	return n
}

// indent returns the indentation for text in the layout of sops, from --indent or
// .sops.yaml. A policy that cannot be read is ignored: commands that need the policy
// report the error.
func (r *invocation) indent(f envfile.Format) int {
	if r.given("indent") {
		return r.number("indent")
	}
	if policy, err := r.policy(); err == nil {
		return policy.Indent(f)
	}
	return envfile.DefaultIndent
}

// parsePath parses a path such as ["key"][0]. Unlike sops, it accepts keys with
// brackets.
func parsePath(s string) (envfile.Path, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "[") {
		return nil, fmt.Errorf("%w: expected [\"key\"][0]", envfile.ErrPath)
	}
	var p envfile.Path
	for s != "" {
		step, rest, err := parseStep(s)
		if err != nil {
			return nil, err
		}
		p, s = append(p, step), rest
	}
	return p, nil
}

// parseStep parses one pair of brackets. sops's keys have no escapes: the key ends
// at the first quote before a bracket.
func parseStep(s string) (step envfile.Step, rest string, err error) {
	inner, ok := strings.CutPrefix(s, "[")
	if !ok || inner == "" {
		return step, "", fmt.Errorf("%w: expected [ after ]", envfile.ErrPath)
	}
	if quote := inner[:1]; quote == `"` || quote == "'" {
		key, rest, ok := strings.Cut(inner[1:], quote+"]")
		if !ok {
			return step, "", fmt.Errorf("%w: expected %s] at the end of the key", envfile.ErrPath, quote)
		}
		return envfile.Step{Key: key}, rest, nil
	}
	index, rest, ok := strings.Cut(inner, "]")
	i, err := strconv.Atoi(index)
	if !ok || err != nil || i < 0 {
		return step, "", fmt.Errorf("%w: expected a quoted key or an index in the brackets", envfile.ErrPath)
	}
	return envfile.Step{Index: i, IsIndex: true}, rest, nil
}

// fileStatus implements sops filestatus. It does not decrypt the file.
func (r *invocation) fileStatus(ctx context.Context) error {
	if len(r.rest) == 0 {
		return errorf(codeNoFile, "no file specified")
	}
	if err := r.oneFile(); err != nil {
		return err
	}
	f, err := r.file(codeGeneric)
	if err != nil {
		return err
	}
	status := struct {
		Encrypted bool `json:"encrypted"`
	}{}
	text, err := f.text(ctx, r.Stdin)
	if err == nil && !envfile.Unsealed(f.Format, text) {
		var s *envfile.Sealed
		if s, err = f.parse(ctx, text); err == nil {
			meta := s.Metadata()
			status.Encrypted = meta.HasMAC() && meta.Version != ""
		} else if f.Format.Name() != envfile.Binary.Name() && errors.Is(err, envfile.ErrNotSealed) {
			err = nil
		}
	}
	if err != nil {
		return coded{fmt.Errorf("cannot check file status: %w", err), codeGeneric}
	}
	return json.NewEncoder(r.Stdout).Encode(status)
}

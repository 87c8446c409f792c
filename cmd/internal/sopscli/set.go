package sopscli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// set implements sops set and sops --set.
func (r *invocation) set(ctx context.Context) error {
	r.noThreshold()
	index, value, err := r.setArguments(ctx)
	if err != nil {
		return err
	}
	path, err := parsePath(index)
	if err != nil || len(path) == 0 {
		return errorf(codeBadSet, "Invalid set index format: expected [\"key\"][0]")
	}
	if !json.Valid(value) {
		return errorf(codeBadSet, "Value for --set is not valid JSON")
	}
	return r.change(ctx, func(f *inputFile, opened *envfile.Opened) (envfile.Op, bool, error) {
		path := appended(opened.Roots()[0], path)
		op, err := jsonOp(f.Format, path, value)
		if err == nil {
			r.WarnJSON(f.Target, path, string(value))
		}
		return op.Whole(), true, err
	})
}

// noThreshold warns of --shamir-secret-sharing-threshold, which has no effect in sops.
func (r *invocation) noThreshold() {
	if r.given("shamir-secret-sharing-threshold") {
		r.Warn("--shamir-secret-sharing-threshold has no effect with %s: the file keeps its threshold", r.name)
	}
}

// setArguments returns the index and the value from the arguments, --set, a file or stdin.
func (r *invocation) setArguments(ctx context.Context) (index string, value []byte, err error) {
	if both := r.str("set"); both != "" { // index and value in one argument
		if err := r.oneFile(); err != nil {
			return "", nil, err
		}
		i := strings.Index(both, "] ")
		if i < 0 {
			return "", nil, errorf(codeBadSet, "Invalid --set format: expected '[\"key\"] JSON'")
		}
		return both[:i+1], []byte(both[i+2:]), nil
	}
	expected := 3
	if r.on("value-stdin") {
		expected = 2
	}
	switch {
	case r.on("value-file") && r.on("value-stdin"):
		return "", nil, errors.New("cannot use both --value-file and --value-stdin")
	case len(r.rest) != expected:
		return "", nil, errorf(codeNoFile, "no file specified, or index or value missing: expected %d arguments", expected)
	case r.on("value-stdin"):
		value, err = cli.ReadStream(ctx, r.Stdin)
	case r.on("value-file"):
		value, err = cli.ReadFile(ctx, r.rest[2])
	default:
		value = []byte(r.rest[2])
	}
	index = r.rest[1]
	r.rest = r.rest[:1]
	return index, value, err
}

// unset implements sops unset.
func (r *invocation) unset(ctx context.Context) error {
	r.noThreshold()
	if len(r.rest) != 2 {
		return errorf(codeNoFile, "no file specified, or index missing")
	}
	path, err := parsePath(r.rest[1])
	if err != nil || len(path) == 0 {
		return errorf(codeBadSet, "Invalid unset index format: expected [\"key\"][0]")
	}
	r.rest = r.rest[:1]
	return r.change(ctx, func(f *inputFile, opened *envfile.Opened) (envfile.Op, bool, error) {
		if opened.Roots()[0].At(path) == nil {
			if r.on("idempotent") {
				return envfile.Op{}, false, nil
			}
			return envfile.Op{}, false, prefixed{cli.NoField(f.Target, opened.Roots(), path, 0), "Key not found: " + path[len(path)-1:].String() + ": "}
		}
		return envfile.Unset(path), true, nil
	})
}

// change decrypts the file, applies one operation and writes the file.
func (r *invocation) change(ctx context.Context, op func(*inputFile, *envfile.Opened) (envfile.Op, bool, error)) error {
	f, err := r.file(codeNoRead)
	if err != nil {
		return err
	}
	if f.stdin {
		return errorf(codeNoFile, "%s changes a file, not stdin", r.name)
	}
	opened, err := r.openFile(ctx, f)
	if err != nil {
		return err
	}
	if err := f.sameType(); err != nil {
		return err
	}
	do, any, err := op(f, opened)
	if err != nil || !any {
		return err
	}
	other, err := r.CheckPolicy(ctx, f.Target, opened)
	if err != nil {
		return err
	}
	before, err := opened.Document()
	if err != nil {
		return f.At(err)
	}
	after, err := before.Apply(do)
	if errors.Is(err, envfile.ErrPath) && f.Format != envfile.YAML && f.Format != envfile.JSON {
		return coded{f.At(err), codeNoDump} // the format has no such field
	}
	if err != nil {
		return f.At(err)
	}
	if err := r.Guard(f.Target, opened, after, other); err != nil {
		return err
	}
	if bytes.Equal(before.Bytes(), after.Bytes()) {
		r.log.info("CMD", "File not written due to no change")
		return nil
	}
	s, err := opened.Reseal(after)
	if err != nil {
		return f.encryptError(err)
	}
	return r.saveChanged(ctx, f, s, opened.Sealed().Bytes())
}

// appended replaces indexes after the end of a list, and in new lists, with
// envfile.Append, as sops does.
func appended(root *envfile.Node, path envfile.Path) envfile.Path {
	path = path.Clone()
	n := root
	for i, s := range path {
		if s.IsIndex && (n == nil || n.Kind == envfile.Null || n.Kind == envfile.List && s.Index >= n.Len()) {
			path[i].Index = envfile.Append
		}
		if n != nil {
			n = n.At(path[i : i+1])
		}
	}
	return path
}

// jsonOp returns the operation that sets a field to a JSON value. A number without a
// fraction stays an integer; in sops it becomes a float.
func jsonOp(f envfile.Format, path envfile.Path, text []byte) (envfile.Op, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return envfile.Op{}, errorf(codeBadSet, "Value for --set is not valid JSON")
	}
	canonical := func(typ crypto.Type, text string) (envfile.Op, error) {
		text, err := envfile.CanonicalText(typ, text)
		if err != nil {
			return envfile.Op{}, errorf(codeBadSet, "%s: the value is not of type %s", path, typ)
		}
		return envfile.Set(path, typ, text), nil
	}
	switch v := v.(type) {
	case nil:
		return envfile.SetNull(path), nil
	case string:
		return envfile.Set(path, crypto.Str, v), nil
	case bool:
		return canonical(crypto.Bool, fmt.Sprint(v))
	case json.Number:
		if op, err := canonical(crypto.Int, v.String()); err == nil {
			return op, nil
		}
		op, err := canonical(crypto.Float, v.String())
		if err != nil {
			return op, errorf(codeBadSet, "%s: the number has more digits than a 64-bit float holds", path)
		}
		return op, nil
	}
	if f.Name() == envfile.Dotenv.Name() || f.Name() == envfile.Binary.Name() {
		return envfile.Op{}, errorf(codeNoDump, "%s: a %s file cannot hold lists or maps", path, f.Name())
	}
	return envfile.SetText(path, string(bytes.TrimSpace(text))), nil
}

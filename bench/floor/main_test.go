package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
)

// sealedFile writes a file with three values for a new identity.
func sealedFile(t *testing.T) (*age.X25519Identity, string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key, wrapped, err := newKey(id)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("a: ")
	for _, v := range []string{"one", "", "three"} {
		text = append(appendSealed(text, key, []byte(v), []byte("str")), "\nb: "...)
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, append(text, wrapped...), 0o600); err != nil {
		t.Fatal(err)
	}
	return id, path
}

const plainOfIt = "a: one\nb: \nb: three\nb: "

func plainOf(t *testing.T, id *age.X25519Identity, path string) string {
	t.Helper()
	body, key, err := read(id, path)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := values(body, key, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// The output of the floor decrypts to the same text. set keeps the key and encrypts two values
// again; rekey changes all.
func TestWork(t *testing.T) {
	for name, c := range map[string]struct {
		do      func(*age.X25519Identity, string) error
		kept    int
		sameKey bool
	}{"set": {set, 1, true}, "rekey": {rekey, 0, false}} {
		id, path := sealedFile(t)
		before := sealedValues(t, path)
		if got := plainOf(t, id, path); got != plainOfIt {
			t.Fatalf("opens to %q", got)
		}
		if err := c.do(id, path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := plainOf(t, id, path); got != plainOfIt {
			t.Errorf("%s: opens to %q", name, got)
		}
		after, kept := sealedValues(t, path), 0
		for i := range before[:3] {
			if bytes.Equal(before[i], after[i]) {
				kept++
			}
		}
		if kept != c.kept || bytes.Equal(before[3], after[3]) != c.sameKey {
			t.Errorf("%s: %d values are as they were", name, kept)
		}
	}
}

// sealedValues returns the nonces of a file's values, and its wrapped key.
func sealedValues(t *testing.T, path string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body, wrapped := split(text)
	var all [][]byte
	for {
		v, rest, found := nextValue(body)
		if !found {
			break
		}
		all, body = append(all, v.iv), rest
	}
	if len(all) != 3 {
		t.Fatalf("%d values instead of 3", len(all))
	}
	return append(all, wrapped)
}

// A changed value fails to decrypt, which proves that the decryption is real.
func TestTampered(t *testing.T) {
	id, path := sealedFile(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(text, tagMark) + len(tagMark)
	text[i] = map[bool]byte{true: 'B', false: 'A'}[text[i] == 'A']
	body, wrapped := split(text)
	key, err := unwrap(id, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := values(body, key, nil, 0); err == nil {
		t.Error("a changed tag is accepted")
	}
}

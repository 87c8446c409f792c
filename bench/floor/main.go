// Command floor does only the unavoidable work of a program for encrypted files: one age unwrap for
// each file, AES-GCM, base64 and SHA-512 over the values, and reading and writing the bytes. It
// parses no YAML, verifies nothing and does not wait for the disk.
package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"filippo.io/age"
	"filippo.io/age/armor"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == "start" {
		return nil
	}
	if len(args) < 3 {
		return errors.New("usage: floor start, or prepare, open, set or rekey with IDENTITIES and FILES")
	}
	text, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return err
	}
	id, ok := ids[0].(*age.X25519Identity)
	if !ok {
		return errors.New("the first identity is not of X25519")
	}
	do, ok := map[string]func(*age.X25519Identity, string) error{"prepare": prepare, "open": open, "set": set, "rekey": rekey}[args[0]]
	if !ok {
		return fmt.Errorf("no work is called %s", args[0])
	}
	return each(args[2:], func(path string) error { return do(id, path) })
}

// each runs on files in parallel on all processors.
func each(paths []string, do func(string) error) error {
	var wg sync.WaitGroup
	next := make(chan string)
	errs := make(chan error, len(paths))
	for range min(len(paths), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for path := range next {
				errs <- do(path)
			}
		})
	}
	for _, path := range paths {
		next <- path
	}
	close(next)
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// open writes the plaintext to stdout.
func open(id *age.X25519Identity, path string) error {
	body, key, err := read(id, path)
	if err != nil {
		return err
	}
	plain, err := values(body, key, nil, 0)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(plain)
	return err
}

// set encrypts one value again. It decrypts all values, because the MAC covers all.
func set(id *age.X25519Identity, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	body, wrapped := split(text)
	key, err := unwrap(id, wrapped)
	if err != nil {
		return err
	}
	out, err := values(body, key, key, 2) // the value, and the MAC
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(out, wrapped...), 0o644)
}

// rekey encrypts everything with a new data key.
func rekey(id *age.X25519Identity, path string) error {
	body, key, err := read(id, path)
	if err != nil {
		return err
	}
	fresh, wrapped, err := newKey(id)
	if err != nil {
		return err
	}
	out, err := values(body, key, fresh, -1)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(out, wrapped...), 0o644)
}

func read(id *age.X25519Identity, path string) (body []byte, key cipher.AEAD, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	body, wrapped := split(text)
	key, err = unwrap(id, wrapped)
	return body, key, err
}

// split separates the encrypted text from the wrapped key after it.
func split(text []byte) (body, wrapped []byte) {
	i := max(0, bytes.LastIndex(text, []byte(armor.Header)))
	return text[:i], text[i:]
}

func unwrap(id age.Identity, wrapped []byte) (cipher.AEAD, error) {
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(wrapped)), id)
	if err != nil {
		return nil, err
	}
	key, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return newGCM(key)
}

func newKey(id *age.X25519Identity) (cipher.AEAD, []byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // does not fail
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, id.Recipient())
	if err != nil {
		return nil, nil, err
	}
	_, err = w.Write(key)
	if err := errors.Join(err, w.Close(), a.Close()); err != nil {
		return nil, nil, err
	}
	gcm, err := newGCM(key)
	return gcm, out.Bytes(), err
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithNonceSize(block, nonceSize)
}

const nonceSize = 32 // as in the format

// The parts of ENC[AES256_GCM,data:…,iv:…,tag:…,type:…].
var (
	dataMark, ivMark, tagMark, typeMark, endMark = []byte("ENC[AES256_GCM,data:"), []byte(",iv:"), []byte(",tag:"), []byte(",type:"), []byte("]")
)

// values decrypts and hashes all values of src. It encrypts the first seals of them (-1: all) with
// the key to and returns the encrypted text, or without a key, the plaintext.
func values(body []byte, from, to cipher.AEAD, seals int) ([]byte, error) {
	hash := sha512.New()
	out := make([]byte, 0, len(body)+1024)
	var sealed, plain, nonce []byte
	for n := 0; ; n++ {
		v, rest, found := nextValue(body)
		if !found {
			break
		}
		out = append(out, v.before...)
		var err error
		if sealed, err = base64.StdEncoding.AppendDecode(sealed[:0], v.data); err != nil {
			return nil, err
		}
		if sealed, err = base64.StdEncoding.AppendDecode(sealed, v.tag); err != nil {
			return nil, err
		}
		if nonce, err = base64.StdEncoding.AppendDecode(nonce[:0], v.iv); err != nil {
			return nil, err
		}
		if plain, err = from.Open(plain[:0], nonce, sealed, nil); err != nil {
			return nil, err
		}
		hash.Write(plain)
		switch {
		case to == nil:
			out = append(out, plain...)
		case seals < 0 || n < seals:
			out = appendSealed(out, to, plain, v.kind)
		default:
			out = append(out, body[len(v.before):len(body)-len(rest)]...)
		}
		body = rest
	}
	if to == nil {
		return append(out, body...), nil
	}
	_ = hash.Sum(nil)
	return append(out, body...), nil
}

type value struct{ before, data, iv, tag, kind []byte }

// nextValue finds the next encrypted value of src.
func nextValue(text []byte) (v value, rest []byte, found bool) {
	for _, part := range []struct {
		to   *[]byte
		mark []byte
	}{{&v.before, dataMark}, {&v.data, ivMark}, {&v.iv, tagMark}, {&v.tag, typeMark}, {&v.kind, endMark}} {
		if *part.to, text, found = bytes.Cut(text, part.mark); !found {
			return v, nil, false
		}
	}
	return v, text, true
}

func appendSealed(out []byte, key cipher.AEAD, plain, kind []byte) []byte {
	nonce := make([]byte, nonceSize)
	_, _ = rand.Read(nonce) // does not fail
	sealed := key.Seal(nil, nonce, plain, nil)
	size := len(sealed) - key.Overhead()
	for _, part := range []struct{ mark, bytes []byte }{{dataMark, sealed[:size]}, {ivMark, nonce}, {tagMark, sealed[size:]}} {
		out = base64.StdEncoding.AppendEncode(append(out, part.mark...), part.bytes)
	}
	return append(append(append(out, typeMark...), kind...), endMark...)
}

// prepare converts a file that sealcfg encrypted to a file of the floor, with as many values of the
// same sizes and its own key. Names are not authenticated, because that would require a parser.
func prepare(id *age.X25519Identity, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fresh, wrapped, err := newKey(id)
	if err != nil {
		return err
	}
	var out []byte
	for {
		v, rest, found := nextValue(text)
		if !found {
			break
		}
		data, err := base64.StdEncoding.DecodeString(string(v.data))
		if err != nil {
			return err
		}
		for i := range data { // any text does
			data[i] = 'a' + data[i]%26
		}
		out = appendSealed(append(out, v.before...), fresh, data, v.kind)
		text = rest
	}
	if armored := bytes.Index(out, []byte(armor.Header)); armored >= 0 { // precedes the MAC
		if end := bytes.Index(out, []byte(armor.Footer)); end > armored {
			out = append(out[:armored], out[end+len(armor.Footer):]...)
		}
	}
	out = append(append(out, text...), '\n')
	return os.WriteFile(path, append(out, wrapped...), 0o644)
}

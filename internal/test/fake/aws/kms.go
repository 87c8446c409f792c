package aws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/internal/test/fake"
)

// key is a symmetric key that encrypts and decrypts.
type key struct {
	arn   string
	aead  *fake.AEAD
	users []string // ARNs of the users that may use it; nil permits all users
}

// AddKey adds a key to a region and returns its ARN. Only the principals may use
// it. Without principals, all users may.
func (s *Server) AddKey(region string, principals ...string) (arn string) {
	id := fake.RandomID(16)
	id = strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
	k := &key{arn: "arn:aws:kms:" + region + ":" + Account + ":key/" + id, aead: fake.NewAEAD(), users: principals}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[k.arn] = k
	return k.arn
}

// AddAlias gives a key a second name in its region, and returns that ARN.
func (s *Server) AddAlias(name, key string) (arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	arn = "arn:aws:kms:" + regionOf(key) + ":" + Account + ":alias/" + name
	s.keys[arn] = s.keys[key]
	return arn
}

func regionOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[3]
}

// request holds the parameters of both calls.
type request struct {
	KeyID             string `json:"KeyId"`
	Plaintext         []byte // base64 in JSON
	CiphertextBlob    []byte
	EncryptionContext map[string]string
}

func (s *Server) doKMS(r *http.Request, action string, body []byte) (any, error) {
	var q request
	call, err := s.read(r, "kms", action, body, &q)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(call, "")
	switch action {
	case "Encrypt":
		return s.encrypt(call, &q)
	case "Decrypt":
		return s.decrypt(call, &q)
	}
	return nil, fail("UnknownOperationException", "the fake does not support %q", action)
}

// find returns a key of the region for which the call is signed, if the caller may use it.
func (s *Server) find(call Call, arn string) (*key, error) {
	k := s.keys[arn]
	if k == nil || regionOf(arn) != call.Region {
		what := "Key"
		if strings.Contains(arn, ":alias/") {
			what = "Alias"
		}
		return nil, fail("NotFoundException", "%s '%s' does not exist", what, arn)
	}
	if len(k.users) > 0 && !slices.Contains(k.users, call.Principal) {
		return nil, fail("AccessDeniedException", "User: %s is not authorized to perform: kms:%s on resource: %s "+
			"because no resource-based policy allows the kms:%[2]s action", call.Principal, call.Action, k.arn)
	}
	return k, nil
}

// blobVersion is the first byte of a ciphertext. The length of the key's ARN, the
// ARN, and the output of AES-GCM follow.
const blobVersion = 1

func (s *Server) encrypt(call Call, q *request) (any, error) {
	k, err := s.find(call, q.KeyID)
	if err != nil {
		return nil, err
	}
	if n := len(q.Plaintext); n < 1 || n > 4096 {
		return nil, fail("ValidationException", "Value at 'plaintext' failed to satisfy constraint: "+
			"Member must have length between 1 and 4096")
	}
	blob := append([]byte{blobVersion, byte(len(k.arn))}, k.arn...)
	blob = append(blob, k.aead.Seal(q.Plaintext, k.bound(q.EncryptionContext))...)
	return map[string]any{"CiphertextBlob": blob, "KeyId": k.arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}, nil
}

func (s *Server) decrypt(call Call, q *request) (any, error) {
	arn, rest, ok := splitBlob(q.CiphertextBlob)
	if !ok || s.keys[arn] == nil {
		return nil, fail("InvalidCiphertextException", "")
	}
	k, err := s.find(call, arn)
	if err != nil {
		return nil, err
	}
	if q.KeyID != "" {
		named, err := s.find(call, q.KeyID)
		if err != nil {
			return nil, err
		}
		if named != k {
			return nil, fail("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
		}
	}
	plain, err := k.aead.Open(rest, k.bound(q.EncryptionContext))
	if err != nil {
		return nil, fail("InvalidCiphertextException", "")
	}
	return map[string]any{"Plaintext": plain, "KeyId": k.arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}, nil
}

func splitBlob(blob []byte) (arn string, rest []byte, ok bool) {
	if len(blob) < 2 || blob[0] != blobVersion || len(blob) < 2+int(blob[1]) {
		return "", nil, false
	}
	n := 2 + int(blob[1])
	return string(blob[2:n]), blob[n:], true
}

// bound returns the additional data of a ciphertext: the key and the encryption
// context. The order of the context has no effect.
func (k *key) bound(context map[string]string) string {
	if len(context) == 0 {
		return k.arn
	}
	text, _ := json.Marshal(context) // in the order of the names
	return k.arn + "\x00" + string(text)
}

package envfile

import (
	"bytes"
	"encoding/json"
)

// Unsealed reports whether sops would parse a YAML or JSON file and find no metadata in it. That
// includes files that [Parse] rejects because encryption would damage them. It returns false for
// other formats and for files that sops cannot parse.
func Unsealed(f Format, src []byte) bool {
	switch f.Name() {
	case YAML.Name():
		return yamlUnsealed(src)
	case JSON.Name(), Binary.Name():
		var members map[string]json.RawMessage
		err := json.NewDecoder(bytes.NewReader(src)).Decode(&members) // ignores text after the object
		_, sealed := members[metaKey]
		return err == nil && !sealed
	}
	return false
}

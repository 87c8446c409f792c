package envfile

import (
	"bytes"
	"encoding/json"
)

// Unsealed reports that sops would read a YAML or JSON text and find no metadata
// in it: also of one that [Parse] refuses, because to seal it would damage it. Of
// other formats, and of what cannot be read at all, it reports false.
func Unsealed(f Format, src []byte) bool {
	switch f.Name() {
	case YAML.Name():
		return yamlUnsealed(src)
	case JSON.Name(), Binary.Name():
		var members map[string]json.RawMessage
		err := json.NewDecoder(bytes.NewReader(src)).Decode(&members) // what follows is not looked at
		_, sealed := members[metaKey]
		return err == nil && !sealed
	}
	return false
}

package keys

import (
	"path/filepath"
	"runtime"
)

// ConfigDir returns the directory below which sops keeps identities, or "". It is
// the directory of [os.UserConfigDir], except on macOS, where $XDG_CONFIG_HOME has
// precedence (age/keysource.go, getUserConfigDir). lookupEnv is [os.LookupEnv] or a
// fake.
func ConfigDir(lookupEnv func(string) (string, bool)) string {
	get := func(name string) string {
		value, _ := lookupEnv(name)
		return value
	}
	below := func(name string, elem ...string) string {
		if get(name) == "" {
			return ""
		}
		return filepath.Join(append([]string{get(name)}, elem...)...)
	}
	switch runtime.GOOS {
	case "windows":
		return get("AppData")
	case "darwin", "ios":
		if dir := get("XDG_CONFIG_HOME"); dir != "" {
			return dir
		}
		return below("HOME", "Library", "Application Support")
	case "plan9":
		return below("home", "lib")
	}
	if dir := get("XDG_CONFIG_HOME"); dir != "" {
		if !filepath.IsAbs(dir) {
			return "" // the specification ignores it, and os.UserConfigDir rejects it
		}
		return dir
	}
	return below("HOME", ".config")
}

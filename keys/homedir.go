package keys

import "runtime"

// HomeDir returns the directory below which sops looks for .ssh, or "". It is the
// directory of [os.UserHomeDir]. lookupEnv is [os.LookupEnv] or a fake.
func HomeDir(lookupEnv func(string) (string, bool)) string {
	name := "HOME"
	switch runtime.GOOS {
	case "windows":
		name = "USERPROFILE"
	case "plan9":
		name = "home"
	}
	dir, _ := lookupEnv(name)
	return dir
}

package editor

import "strings"

// waitFlags lists the flags that make a program with a window wait until the
// file is closed, by the program's name: the one to recommend first.
var waitFlags = map[string][]string{
	"code": {"--wait", "-w"}, "code-insiders": {"--wait", "-w"},
	"codium": {"--wait", "-w"}, "vscodium": {"--wait", "-w"},
	"cursor": {"--wait", "-w"}, "windsurf": {"--wait", "-w"},
	"subl": {"--wait", "-w"}, "sublime_text": {"--wait", "-w"},
	"atom": {"--wait", "-w"}, "pulsar": {"--wait", "-w"},
	"zed": {"--wait", "-w"}, "zeditor": {"--wait", "-w"},
	"mate": {"--wait", "-w"}, "bbedit": {"--wait", "-w"},
	"gedit": {"--wait", "-w", "--standalone", "-s"}, "xed": {"--wait", "-w"},
	"kate": {"--block", "-b"},
	"gvim": {"--nofork", "-f"}, "mvim": {"--nofork", "-f"},
	"idea": {"--wait"}, "goland": {"--wait"}, "pycharm": {"--wait"}, "webstorm": {"--wait"},
	"clion": {"--wait"}, "rider": {"--wait"}, "phpstorm": {"--wait"}, "rubymine": {"--wait"},
	"rustrover": {"--wait"},
	"open":      {"-W", "--wait-apps"}, // macOS
	"xdg-open":  {},                    // cannot wait
}

// NeedsWait reports whether c is known to return before the file is edited, because
// a flag is missing. flag is the missing flag. It is "" if no flag helps; then the
// user must remove the editor, or the flag that makes it return.
func NeedsWait(c Command) (flag string, needs bool) {
	name := c.Name()
	if len(c.Args) == 0 {
		return "", false
	}
	if familyOf(name) == emacsclient {
		return "", hasFlag(c.Args[1:], []string{"--no-wait", "-n"})
	}
	flags, known := waitFlags[name]
	if !known || hasFlag(c.Args[1:], flags) {
		return "", false
	}
	if len(flags) == 0 {
		return "", true
	}
	return flags[0], true
}

// hasFlag reports whether one of the flags is among args, a short one also in a
// cluster: subl -nw.
func hasFlag(args, flags []string) bool {
	for _, arg := range args {
		if arg == "--" {
			return false
		}
		for _, flag := range flags {
			short := len(flag) == 2
			cluster := len(arg) > 2 && len(arg) <= 4 && arg[0] == '-' && arg[1] != '-'
			if arg == flag || short && cluster && strings.Contains(arg, flag[1:]) {
				return true
			}
		}
	}
	return false
}

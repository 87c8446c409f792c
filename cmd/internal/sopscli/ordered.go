package sopscli

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/internal/privatekey"
)

// repeatable lists the commands of sops without values on their command lines. A hint
// may repeat these command lines.
var repeatable = []string{"decrypt", "encrypt", "edit", "rotate", "updatekeys", "filestatus"}

// orderedCall returns the sops command line in args as a call of command, with each flag
// in a position where sops reads it. It returns otherwise if a flag is unknown or an
// argument contains a private key.
func orderedCall(command string, args []string, otherwise string) string {
	if !slices.Contains(repeatable, command) || slices.ContainsFunc(args, privatekey.In) {
		return otherwise
	}
	own := strings.Fields(commandSpecs()[slices.Index(commandNames(), command)].flags)
	var before, flags, files []string
	for i := 0; i < len(args); i++ {
		if arg := args[i]; arg == "-" || !strings.HasPrefix(arg, "-") {
			files = append(files, arg)
			continue
		}
		written, value, hasValue := strings.Cut(args[i], "=")
		f := findFlag(strings.TrimLeft(written, "-"))
		if f == nil {
			return otherwise
		}
		words := []string{written}
		switch {
		case hasValue:
			words = []string{written + "=" + cli.ShellWord(value)}
		case f.kind != boolFlag && i+1 < len(args):
			i++
			words = append(words, cli.ShellWord(args[i]))
		}
		switch {
		case slices.Contains([]string{"decrypt", "encrypt", "rotate"}, f.name): // the command
		case slices.Contains(own, f.name):
			flags = append(flags, words...)
		case slices.Contains(strings.Fields(globalOnly), f.name):
			before = append(before, words...)
		default:
			return otherwise
		}
	}
	if len(files) > 0 && slices.Contains(commandNames(), files[0]) {
		files = files[1:]
	}
	if len(files) == 0 {
		files = []string{"FILE"}
	}
	for i := range files {
		files[i] = cli.ShellWord(files[i])
	}
	return strings.Join(slices.Concat([]string{programName()}, before, []string{command}, flags, files), " ")
}

// calledCommand returns the first argument that names a command of sops.
func calledCommand(args []string) string {
	for _, arg := range args {
		if slices.Contains(commandNames(), arg) {
			return arg
		}
	}
	return ""
}

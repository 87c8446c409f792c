package sopscli

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FlagHint returns the hint for a flag of sops that a command of sealcfg does not
// have, or "" if sops does not have it either.
func FlagHint(cmd *cobra.Command, none *pflag.NotExistError) string {
	f := findFlag(none.GetSpecifiedName())
	if f == nil {
		return ""
	}
	if short := none.GetSpecifiedShortnames(); len(short) > 1 && strings.Trim(short, "deri") != "" {
		return "" // a file name such as -dash.yaml
	}
	command, file := cmd.Name(), cli.FileArgument(os.Args[1:])
	if !cmd.HasParent() {
		command = ""
	}
	switch f.name {
	case "decrypt", "encrypt", "rotate":
		return modeHint(f.name, file)
	case "in-place":
		switch command {
		case "decrypt":
			return "decrypt leaves the encrypted file unchanged; to write the plaintext to another file, run: sealcfg decrypt " + file + " -o PLAINTEXT"
		case "encrypt", "edit", "rekey", "unset":
			return fmt.Sprintf("leave out the flag, because %s always writes in place: sealcfg %[1]s %s", command, file)
		case "":
			if mode := modeAmong(os.Args[1:]); mode != "" {
				return modeHint(mode, file)
			}
			if instead := Instead(calledCommand(os.Args[1:])); strings.HasPrefix(instead, "sealcfg rekey") {
				return fmt.Sprintf("leave out the flag, because sealcfg always writes in place: %s %s", instead, file)
			}
			return "leave out the flag, because sealcfg always writes in place\nto encrypt the file, run: sealcfg encrypt " + file + "\nto edit it, run: sealcfg edit " + file
		}
	case "age":
		if command == "encrypt" || command == "edit" {
			return fmt.Sprintf("use -r: sealcfg %s -r RECIPIENT %s", command, file)
		}
	case "output-type":
		if command == "encrypt" {
			break
		}
		format := cmp.Or(formatAmong(os.Args[1:]), "FORMAT")
		if command == "decrypt" {
			return fmt.Sprintf("use --format: sealcfg decrypt %s --format %s", file, format)
		}
		return fmt.Sprintf("a file keeps its format; to convert the plaintext, run: sealcfg decrypt %s --format %s", file, format)
	case "set":
		return "use the command set: sealcfg set " + file + " FIELD"
	case "filename-override":
		if command == "encrypt" || command == "decrypt" {
			return fmt.Sprintf("for input from stdin, use --filename: sealcfg %s - --filename PATH", command)
		}
	}
	i := slices.Index(commandNames(), command)
	if i < 0 || f.reject != "" || !slices.Contains(strings.Fields(commandSpecs()[i].flags), f.name) {
		return ""
	}
	return "use the command line of sops: " + orderedCall(command, os.Args[1:], fmt.Sprintf("sealcfg sops %s %s ... %s", command, dashed(f.name), file))
}

// formatAmong returns the value of --output-type, or "" if decrypt cannot convert to it.
func formatAmong(args []string) string {
	for i, arg := range args {
		value, ok := strings.CutPrefix(arg, "--output-type=")
		if arg == "--output-type" && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if ok && slices.Contains(cli.ConvertFormats, value) {
			return value
		}
	}
	return ""
}

// modeHint returns the hint for a flag that selects a command.
func modeHint(mode, file string) string {
	if mode == "rotate" {
		mode = "rekey"
	}
	return fmt.Sprintf("use the command %[1]s: sealcfg %[1]s %s", mode, file)
}

// modeAmong returns the command that a flag in args selects, or "".
func modeAmong(args []string) string {
	for _, arg := range args {
		if f := findFlag(strings.TrimLeft(arg, "-")); f != nil && arg[0] == '-' && slices.Contains([]string{"decrypt", "encrypt", "rotate"}, f.name) {
			return f.name
		}
	}
	return ""
}

// commandsInstead maps commands of sops to the command lines of sealcfg that do the same.
var commandsInstead = map[string]string{
	"rotate":     "sealcfg rekey",
	"updatekeys": "sealcfg rekey --keep-data-key",
	"exec-env":   "sealcfg sops exec-env FILE COMMAND",
	"exec-file":  "sealcfg sops exec-file FILE COMMAND",
	"filestatus": "sealcfg sops filestatus FILE",
}

// Instead returns the command line of sealcfg that does the same as a command of sops.
// It returns "" if sops does not have the command, or if sealcfg has it under the same name.
func Instead(command string) string { return commandsInstead[command] }

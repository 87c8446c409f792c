package main

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

// sopsUserHint is the hint for a flag of sops that a command of sealcfg does not
// have, "" if sops does not have it either.
func sopsUserHint(cmd *cobra.Command, none *pflag.NotExistError) string {
	f := findSopsFlag(none.GetSpecifiedName())
	if f == nil {
		return ""
	}
	if short := none.GetSpecifiedShortnames(); len(short) > 1 && strings.Trim(short, "deri") != "" {
		return "" // the name of a file, such as -dash.yaml
	}
	command, file := cmd.Name(), fileAmong(os.Args[1:])
	if !cmd.HasParent() {
		command = ""
	}
	switch f.name {
	case "decrypt", "encrypt", "rotate":
		return sopsModeHint(f.name, file)
	case "in-place":
		switch command {
		case "decrypt":
			return "decrypt leaves the encrypted file unchanged; to write the plaintext to another file, run: sealcfg decrypt " + file + " -o PLAINTEXT"
		case "encrypt", "edit", "rekey", "unset":
			return fmt.Sprintf("%s writes in place without a flag: sealcfg %s %s", command, command, file)
		case "":
			if mode := modeAmong(os.Args[1:]); mode != "" {
				return sopsModeHint(mode, file)
			}
			if instead := asInSops[calledCommand(os.Args[1:])]; strings.HasPrefix(instead, "sealcfg rekey") {
				return fmt.Sprintf("sealcfg writes in place without a flag, run: %s %s", instead, file)
			}
			return "the commands write in place without a flag: sealcfg encrypt " + file + ", or sealcfg edit " + file
		}
	case "age":
		if command == "encrypt" || command == "edit" {
			return fmt.Sprintf("the flag is called -r here: sealcfg %s -r RECIPIENT %s", command, file)
		}
	case "output-type":
		if command == "encrypt" {
			break
		}
		format := cmp.Or(formatAmong(os.Args[1:]), "FORMAT")
		if command == "decrypt" {
			return fmt.Sprintf("the flag is called --format here: sealcfg decrypt %s --format %s", file, format)
		}
		return fmt.Sprintf("a file keeps its format; to convert the plaintext, run: sealcfg decrypt %s --format %s", file, format)
	case "set":
		return "the command is a word here: sealcfg set " + file + " FIELD"
	case "filename-override":
		if command == "encrypt" || command == "decrypt" {
			return fmt.Sprintf("the flag is called --filename here, and is for stdin: sealcfg %s - --filename PATH", command)
		}
	}
	i := slices.Index(sopsCommandNames(), command)
	if i < 0 || f.refuse != "" || !slices.Contains(strings.Fields(sopsCommands()[i].flags), f.name) {
		return ""
	}
	return "use the command line of sops: " + orderedCall(command, os.Args[1:], fmt.Sprintf("sealcfg sops %s %s ... %s", command, dashed(f.name), file))
}

// formatAmong is the value of --output-type, "" if it is no format that decrypt converts to.
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

// sopsModeHint is the hint for a flag that stands for a command.
func sopsModeHint(mode, file string) string {
	if mode == "rotate" {
		return "the command is called rekey here: sealcfg rekey " + file
	}
	return fmt.Sprintf("the command is a word here: sealcfg %s %s", mode, file)
}

// modeAmong finds a flag that stands for a command, "" if there is none.
func modeAmong(args []string) string {
	for _, arg := range args {
		if f := findSopsFlag(strings.TrimLeft(arg, "-")); f != nil && arg[0] == '-' && slices.Contains([]string{"decrypt", "encrypt", "rotate"}, f.name) {
			return f.name
		}
	}
	return ""
}

// fileAmong is the argument that is a file, for a hint.
func fileAmong(args []string) string {
	for _, arg := range slices.Backward(args) {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() && !strings.HasPrefix(arg, "-") {
			return cli.ShellWord(arg)
		}
	}
	return "FILE"
}

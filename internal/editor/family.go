package editor

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A family is a group of editors with the same flags.
type family int

const (
	unknown family = iota
	vi             // any vi that is not known to be vim
	vim
	nano
	pico
	emacs
	emacsclient
	kakoune
	micro
	helix
	vscode
)

var families = map[string]family{
	"vi": vi, "ex": vi, "view": vi, "nvi": vi,
	"vim": vim, "nvim": vim, "gvim": vim, "mvim": vim, "rvim": vim, "vimx": vim,
	"nano": nano, "rnano": nano,
	"pico": pico, "nano-tiny": pico, // take nano's +N, but not its other flags
	"emacs": emacs, "emacsclient": emacsclient,
	"kak": kakoune, "micro": micro, "hx": helix, "helix": helix,
	"code": vscode, "code-insiders": vscode, "codium": vscode, "vscodium": vscode,
	"cursor": vscode, "windsurf": vscode,
}

func familyOf(name string) family {
	if f, ok := families[name]; ok {
		return f
	}
	switch {
	case strings.HasPrefix(name, "vim."): // Debian: vim.basic, vim.tiny, vim.gtk3
		return vim
	case strings.HasPrefix(name, "emacsclient."):
		return emacsclient
	case strings.HasPrefix(name, "emacs-"): // emacs-29.1, emacs-nox
		return emacs
	}
	return unknown
}

// family resolves links first: vi is often vim, nano is pico on macOS, and Debian's
// "editor" is any of them. For a wrapper (snap), it uses the name.
func (c Command) family() family {
	if real, err := filepath.EvalSymlinks(c.Path); err == nil {
		if f := familyOf(programName(real)); f != unknown {
			return f
		}
	}
	return familyOf(c.Name())
}

// vimPrivate keeps vim and Neovim from writing the text to other files. The flags
// -n and -i NONE disable swap files and registers. It runs after the user's own
// settings. The commands are separate, because a stripped vim may lack an option
// and would skip the rest.
const vimPrivate = "silent! set nobackup nowritebackup patchmode=" +
	" | silent! set noundofile" +
	" | silent! set viminfo=" +
	" | silent! set nofixendofline" // a token without a line break at its end is another one with it

// vimNoModelines turns modelines off before each file is read. They are commands in the
// text that is edited, which others may have written. The commands run before the user's
// own settings; the group keeps an autocmd! there from removing the autocommand.
var vimNoModelines = []string{
	"--cmd", "silent! augroup sealcfg | augroup END",
	"--cmd", "silent! autocmd sealcfg BufReadPre * set nomodeline modelines=0",
}

// emacsPrivate does the same as vimPrivate and vimNoModelines for Emacs, after the
// init file. Packages save the minibuffer and the copied text. emacsPrivate
// disables their save functions by advice. It does not disable the packages,
// because an init file may enable them later, when the first key is pressed.
const emacsPrivate = "(progn" +
	" (setq make-backup-files nil auto-save-default nil create-lockfiles nil)" +
	" (setq enable-local-variables nil enable-local-eval nil enable-dir-local-variables nil)" + // the modelines of Emacs
	" (with-eval-after-load 'savehist (advice-add 'savehist-save :override #'ignore))" +
	" (with-eval-after-load 'desktop (advice-add 'desktop-save :override #'ignore)))"

// private returns the flags that keep copies of the text inside dir, the directory
// of the file, or prevent them.
//
// Some copies remain. nano writes a .save file into dir when it is killed. A vi
// that is not vim may keep a recovery file in another directory (nvi:
// /var/tmp/vi.recover). An Emacs server keeps its own settings. Editors with a
// window (VS Code's local history and hot exit) keep copies that no flag disables.
func (f family) private(dir string) []string {
	switch f {
	case vim:
		return append(slices.Clone(vimNoModelines), "-n", "-i", "NONE", "-c", vimPrivate)
	case nano:
		// No flag overrides "set backup" in a nanorc. This flag moves the backups.
		return []string{"-C", dir}
	case emacs:
		return []string{"--eval", emacsPrivate}
	case micro:
		return []string{"-backup", "off", "-saveundo", "off", "-savehistory", "off"}
	}
	return nil
}

// environment returns the variables for settings that have no flag.
func (f family) environment(dir string) []string {
	if f == nano {
		// With "set historylog", nano stores search and replacement strings in this
		// directory, unless the directory ~/.nano exists, which is older than the
		// variable.
		return []string{"XDG_DATA_HOME=" + dir}
	}
	return nil
}

// arguments returns the arguments after the program: first the flags that keep the
// text private, then the user's own arguments, then the file. The file is opened at
// line if line is above 0 and the editor is known to have a flag for that.
func (c Command) arguments(file string, line int) []string {
	if strings.HasPrefix(file, "-") {
		file = "." + string(filepath.Separator) + file
	}
	f := c.family()
	var own []string
	if len(c.Args) > 1 {
		own = c.Args[1:]
	}
	args := append(f.private(filepath.Dir(file)), own...)
	// After "--" a flag would be the name of another file.
	if line > 0 && !slices.Contains(own, "--") {
		n := strconv.Itoa(line)
		switch f {
		case vi, vim, nano, pico, emacs, emacsclient, kakoune, micro:
			return append(args, "+"+n, file)
		case helix:
			return append(args, file+":"+n)
		case vscode:
			return append(args, "--goto", file+":"+n)
		}
	}
	return append(args, file)
}

package envfile

import (
	"strings"
	"unicode/utf8"
)

// misreadComment says why some readers of dotenv and INI files do not see an unencrypted
// comment as one: they find a field in it, or take the next line for a part of it. Nothing
// authenticates such a comment. It returns "" for other comments and formats.
func misreadComment(f Format, text string) string {
	if f != Dotenv && f != INI {
		return ""
	}
	for i, r := range text {
		switch r {
		case '\r':
			if rest := text[i+1:]; rest == "" || rest[0] == '\n' {
				continue
			}
		case '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
			if strings.TrimSpace(text[i+utf8.RuneLen(r):]) == "" {
				continue
			}
		default:
			continue
		}
		return "the comment contains a carriage return, U+2028 or the like, at which some readers end the line: remove it"
	}
	if f == Dotenv && strings.HasSuffix(strings.TrimRight(text, "\r"), `\`) {
		return "the comment ends in a backslash, with which some readers join the next line: remove it"
	}
	return ""
}

package layout

import (
	"strings"
	"unicode/utf8"
)

// BrokenComment returns why some readers of dotenv and INI files do not read an unencrypted comment
// as one, or "": they find a field in it. Such a comment is not authenticated.
func BrokenComment(text string) string {
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
	return ""
}

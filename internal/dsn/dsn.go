// Package dsn hides passwords in URLs and in other strings that name a database or
// server.
package dsn

import (
	"net/url"
	"slices"
	"strings"
)

// mask replaces a password, as in [url.URL.Redacted].
const mask = "xxxxx"

// Hide returns the text with a mask for each password in it. It knows URLs, lists of
// servers in a URL, user:password@tcp(host)/db, user/password@host, and parameters
// (password=…) after blanks, semicolons, ? and &. If the end of a password is not
// certain, more than the password is hidden.
func Hide(text string) string {
	return hideParameters(hideUser(text))
}

// HasPassword reports whether [Hide] would hide a password.
func HasPassword(text string) bool { return Hide(text) != text }

// hideUser hides the password between a user and a host.
func hideUser(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || strings.Contains(scheme, "@") { // scott/tiger@//host has no scheme
		return hidePlainUser(text)
	}
	several := strings.Contains(rest, "://") // url.Parse reads the password of the first alone
	if u, err := url.Parse(text); err == nil && !several && u.User != nil {
		if _, has := u.User.Password(); has {
			return u.Redacted()
		}
		return text
	}
	// A list of servers, or a password with a slash or another character that a URL
	// cannot have there.
	user, after, ok := strings.Cut(rest, ":")
	at := strings.LastIndexByte(after, '@')
	if !ok || at < 0 {
		return text
	}
	return scheme + "://" + user + ":" + mask + after[at:]
}

// hidePlainUser is hideUser for text without a scheme.
func hidePlainUser(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 || isDigest(text[at+1:]) {
		return text
	}
	const oracle = "jdbc:oracle:"
	head := ""
	if strings.HasPrefix(text, oracle) { // jdbc:oracle:thin:scott/tiger@host
		driver := strings.IndexByte(text[len(oracle):], ':') + len(oracle) + 1
		if driver > at {
			return text
		}
		head = text[:driver]
	}
	user := strings.IndexAny(text[len(head):at], ":/") + len(head)
	if user <= len(head) || strings.ContainsAny(text[len(head):user], "@= \t\r\n") || text[user+1:at] == "" || isBlank(text[user+1]) {
		return text
	}
	return text[:user+1] + mask + text[at:]
}

// isDigest reports whether text is the digest after the name of an image.
func isDigest(text string) bool {
	algorithm, _, ok := strings.Cut(text, ":")
	return ok && slices.Contains([]string{"sha256", "sha384", "sha512"}, algorithm)
}

// secretNames are the names of parameters with a secret, without separators.
var secretNames = []string{
	"password", "pwd", "passwd", "pass", "passphrase", "sslpassword", "secret", "clientsecret", "token", "accesstoken", "authtoken",
	"apikey", "accesskey", "secretkey", "secretaccesskey", "accountkey", "sharedaccesskey", "sharedaccesssignature", "sig", "signature", "credential",
	"sharedsecret", "userpassword", "trustpassword", "privatekey", "keypassword", "truststorepassword", "keystorepassword",
}

// hideParameters hides the values of parameters with a secret.
func hideParameters(text string) string {
	var out strings.Builder
	done := 0 // up to where text is written
	for i := 0; i < len(text); i++ {
		if text[i] != '=' || i < done {
			continue
		}
		name, before := nameBefore(text[done:i])
		if !slices.Contains(secretNames, name) {
			continue
		}
		start := i + 1
		for start < len(text) && isBlank(text[start]) {
			start++
		}
		end := endOfValue(text, start, before)
		if start == end {
			continue
		}
		out.WriteString(text[done:start])
		out.WriteString(mask)
		done = end
		i = end - 1
	}
	out.WriteString(text[done:])
	return out.String()
}

// nameBefore returns the name of a parameter at the end of text, in lower case and
// without separators, and the separator in front of it, 0 at the beginning.
func nameBefore(text string) (name string, before byte) {
	text = strings.TrimRight(text, " \t\r\n")
	start := strings.LastIndexAny(text, ";&? \t\r\n,(") + 1
	name = text[start:]
	if start > 0 {
		before = text[start-1]
	}
	if isBlank(before) { // Server=db; Password=x, or Access Key=x
		for {
			rest := strings.TrimRight(text[:start], " \t\r\n")
			if rest == "" || rest[len(rest)-1] == ';' {
				if rest != "" {
					before = ';'
				}
				break
			}
			// Only lists with semicolons have names of several words.
			word := strings.LastIndexAny(rest, ";&? \t\r\n,(=") + 1
			if word > 0 && rest[word-1] == '=' || !slices.Contains(secretNames, squeeze(rest[word:]+name)) {
				break
			}
			start, name = word, rest[word:]+name
			before = ';'
		}
	}
	return squeeze(name), before
}

func squeeze(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(name))
}

// endOfValue returns where the value of a parameter ends. before is the separator in
// front of the parameter.
func endOfValue(text string, start int, before byte) int {
	if start == len(text) {
		return start
	}
	separators := ""
	switch before {
	case ';':
		separators = ";"
	case '&', '?':
		separators = "&#"
	case 0:
		// The first parameter: which style it is, only the next one shows.
		if i := strings.IndexByte(text[start:], ';'); i >= 0 && strings.IndexByte(text[start+i:], '=') > 0 {
			separators = ";"
		} else {
			separators = " \t\r\n"
		}
	case ',', '(':
		separators = ",)"
	default:
		separators = " \t\r\n"
	}
	switch open := text[start]; open {
	case '\'', '"', '{':
		return endOfQuotes(text, start, open, separators)
	}
	for i := start; i < len(text); i++ {
		switch {
		case text[i] == '\\' && isBlank(separators[0]):
			i++
		case strings.IndexByte(separators, text[i]) >= 0:
			return i
		}
	}
	return len(text)
}

// endOfQuotes returns where a quoted value ends: after the quote that a separator
// follows, or at the end of the text.
func endOfQuotes(text string, start int, open byte, separators string) int {
	closing := open
	if open == '{' {
		closing = '}'
	}
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && open == '\'' && isBlank(separators[0]):
			i++
		case text[i] != closing:
		case i+1 < len(text) && text[i+1] == closing:
			i++
		case i+1 == len(text) || strings.IndexByte(separators, text[i+1]) >= 0 || isBlank(text[i+1]):
			return i + 1
		}
	}
	return len(text)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
